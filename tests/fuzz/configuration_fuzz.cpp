#include <nlohmann/json.hpp>
#include <sstream>

#include "dualebm/framework/settings/config_file.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

/// An option of every kind.
struct Options {
  double number = 1;
  std::optional<double> maybe_number;
  std::int64_t integer = 1;
  std::optional<std::int64_t> maybe_integer;
  bool boolean = false;
  std::string text, choice = "a";
  std::vector<double> numbers;
  std::vector<std::int64_t> integers;
  std::vector<std::vector<double>> vectors;
  ebm::Json section = nullptr;

  void describe(ebm::Fields& fields) {
    using ebm::Range;
    fields.number("number", number, Range::positive(), "");
    fields.number("maybe_number", maybe_number, Range::between(0, 1), "");
    fields.integer("integer", integer, Range::at_least(1), "");
    fields.integer("maybe_integer", maybe_integer, Range::any(), "");
    fields.boolean("boolean", boolean, "");
    fields.text("text", text, "");
    fields.choice("choice", choice, {"a", "b"}, "");
    fields.numbers("numbers", numbers, Range::any(), "");
    fields.integers("integers", integers, Range::at_least(1), "");
    fields.vectors("vectors", vectors, "");
    fields.section("section", section, "");
  }
};

}  // namespace

/// Up to the first zero byte: the file. After it: overrides, one a line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ebm;
  return fuzz::run(data, size, [](const std::string& bytes) {
    const auto end = std::min(bytes.find('\0'), bytes.size());
    auto configuration = read_json_text(bytes.substr(0, end), "FILE");
    std::istringstream overrides(bytes.substr(std::min(end + 1, bytes.size())));
    for (std::string line; std::getline(overrides, line);) apply_override(configuration, line);
    auto options = read_options<Options>(configuration, "trainer");
    Json written = Json::object();
    FieldWriter writer(written);
    options.describe(writer);
    // What was read, written and read again is the same: configurations of runs are read back.
    auto again = read_options<Options>(read_json_text(written.dump(), "FILE"), "trainer");
    Json written_again = Json::object();
    FieldWriter second(written_again);
    again.describe(second);
    fuzz::check(written.dump() == written_again.dump());
  });
}
