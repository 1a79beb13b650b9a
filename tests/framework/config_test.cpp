#include "framework/config.hpp"
#include "framework/config_file.hpp"

#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "framework/domains.hpp"
#include "framework/optim/optimizers.hpp"
#include "framework/optim/schedule.hpp"
#include "models/models.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// One option of every kind.
struct EveryKind {
  double step = 0.5;
  std::optional<double> cap = 3.0;
  std::int64_t count = 7;
  bool antithetic = true;
  std::string label = "none";
  std::string mode = "fast";
  std::vector<double> widths = {1, 2};
  std::vector<std::int64_t> sizes = {3};
  std::vector<std::vector<double>> means = {{1, 0}};
  Json nested = Json::object();
  void describe(Fields& fields) {
    fields.number("step", step, Range::positive(), "a step");
    fields.number("cap", cap, Range::at_least(0), "a cap");
    fields.integer("count", count, Range::between(1, 1e6), "a count");
    fields.boolean("antithetic", antithetic, "a switch");
    fields.text("label", label, "a text");
    fields.choice("mode", mode, {"fast", "exact"}, "a choice");
    fields.numbers("widths", widths, Range::positive(), "numbers");
    fields.integers("sizes", sizes, Range::at_least(1), "integers");
    fields.vectors("means", means, "vectors");
    fields.section("nested", nested, "a section");
  }
};

EveryKind read_every_kind(const char* text) {
  return read_options<EveryKind>(Json::parse(text), "room.part");
}

std::string refusal(const char* text) {
  return user_error([&] { read_every_kind(text); });
}

TEST(FieldReader, TakesDefaultsWhereAKeyIsAbsent) {
  const auto options = read_every_kind(R"({"step": 0.25})");
  EXPECT_EQ(options.step, 0.25);
  EXPECT_EQ(options.count, 7);
  EXPECT_EQ(options.mode, "fast");
}

TEST(FieldReader, ReadsEveryKind) {
  const auto options =
      read_every_kind(R"({"step": 2, "cap": 1.5, "count": 9, "antithetic": false, "label": "x",
      "mode": "exact", "widths": [0.5], "sizes": [], "means": [[1, 2], [3, 4]], "nested": {"a": [1]}})");
  EXPECT_EQ(options.step, 2.0);
  EXPECT_EQ(options.cap, 1.5);
  EXPECT_EQ(options.count, 9);
  EXPECT_FALSE(options.antithetic);
  EXPECT_EQ(options.label, "x");
  EXPECT_EQ(options.mode, "exact");
  EXPECT_EQ(options.widths, std::vector<double>{0.5});
  EXPECT_TRUE(options.sizes.empty());
  EXPECT_EQ(options.means, (std::vector<std::vector<double>>{{1, 2}, {3, 4}}));
  EXPECT_EQ(options.nested["a"][0], 1);
}

TEST(FieldReader, UnknownKeyNamesThePathAndTheNearestName) {
  const auto message = refusal(R"({"stpe": 1})");
  for (const char* part : {"room.part.stpe: unknown key", "did you mean \"step\"?", "antithetic"}) {
    expect_contains(message, part);
  }
  EXPECT_EQ(refusal(R"({"qqqqqqqq": 1})").find("did you mean"), std::string::npos);
}

TEST(FieldReader, WrongTypesNameKeyValueAndWhatIsAllowed) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {R"({"step": "big"})", "room.part.step: expected a number > 0, found \"big\" (string)"},
      {R"({"step": null})", "room.part.step: expected a number > 0, found null (null)"},
      {R"({"step": true})", "room.part.step: expected a number > 0, found true (boolean)"},
      {R"({"cap": []})", "room.part.cap: expected a number >= 0, found [] (array)"},
      {R"({"count": 1.5})", "room.part.count: expected an integer in [1, 1e+06], found 1.5 (number)"},
      {R"({"count": "3"})", "room.part.count: expected an integer"},
      {R"({"antithetic": 1})", "room.part.antithetic: expected true or false, found 1 (number)"},
      {R"({"label": 3})", "room.part.label: expected a string, found 3 (number)"},
      {R"({"mode": 3})", "room.part.mode: expected one of fast, exact, found 3 (number)"},
      {R"({"widths": 3})", "room.part.widths: expected an array of numbers, found 3 (number)"},
      {R"({"sizes": 3})", "room.part.sizes: expected an array of integers"},
      {R"({"means": 3})", "room.part.means: expected an array of vectors, found 3 (number)"},
  };
  for (const auto& [text, message] : cases) expect_contains(refusal(text), message);
  expect_contains(user_error([] { read_options<EveryKind>(Json(3), "room"); }),
                  "room: expected an object, found 3");
}

TEST(FieldReader, OutOfRangeNamesTheRange) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {R"({"step": 0})", "room.part.step: expected a number > 0, found 0"},
      {R"({"cap": -1})", "room.part.cap: expected a number >= 0, found -1"},
      {R"({"count": 0})", "room.part.count: expected an integer in [1, 1e+06], found 0"},
      {R"({"count": 1000001})", "room.part.count"},
      {R"({"mode": "exat"})", "did you mean \"exact\"?"},
  };
  for (const auto& [text, message] : cases) expect_contains(refusal(text), message);
}

TEST(FieldReader, ThePathLeadsIntoArrays) {
  expect_contains(refusal(R"({"widths": [1, 2, -3]})"),
                  "room.part.widths[2]: expected a number > 0, found -3");
  expect_contains(refusal(R"({"means": [[1, 2], 5]})"),
                  "room.part.means[1]: expected an array of numbers, found 5");
  expect_contains(refusal(R"({"means": [[1, 2], [3, "y"]]})"), "room.part.means[1][1]: expected a number");
}

TEST(FieldReader, AtTheTopThePathIsTheKey) {
  const auto message = user_error([] { read_options<EveryKind>(Json{{"count", 0}}, ""); });
  EXPECT_EQ(message.rfind("count: expected", 0), 0U) << message;
}

TEST(FieldReader, WholeNumbersInFloatingPointNotationAreIntegers) {
  EXPECT_EQ(read_every_kind(R"({"count": 1e4})").count, 10000);
  EXPECT_EQ(read_every_kind(R"({"count": 12.0})").count, 12);
}

/// Integers without an upper bound, as `iterations` and `seed` are.
struct OpenInteger {
  std::int64_t value = 0;
  void describe(Fields& fields) { fields.integer("value", value, Range::at_least(0), "a count"); }
};

// 2^64 - 1 passes a check in double and becomes -1 in 64 bits.
TEST(FieldReader, IntegersThatDoNotFitAreRefused) {
  EXPECT_EQ(read_options<OpenInteger>(Json::parse(R"({"value": 9007199254740993})"), "").value,
            9007199254740993);
  for (const char* text :
       {R"({"value": 18446744073709551615})", R"({"value": 9223372036854775808})", R"({"value": 1e300})"}) {
    expect_contains(user_error([&] { read_options<OpenInteger>(Json::parse(text), "loop"); }), "loop.value");
  }
}

TEST(FieldReader, NullEmptiesAnOptional) {
  EXPECT_FALSE(read_every_kind(R"({"cap": null})").cap.has_value());
  EXPECT_EQ(read_every_kind("{}").cap, 3.0);
}

TEST(FieldWriter, WritesWhatReadsBackTheSame) {
  auto options = read_every_kind(
      R"({"step": 0.1, "cap": null, "count": 1e3, "means": [[0.1, 0.2]], "nested": {"a": 1}})");
  Json first = Json::object(), second = Json::object();
  FieldWriter writer(first);
  options.describe(writer);
  auto again = read_options<EveryKind>(first, "");
  FieldWriter rewriter(second);
  again.describe(rewriter);
  EXPECT_EQ(first.dump(), second.dump());
  EXPECT_TRUE(first["cap"].is_null());
  EXPECT_EQ(first["step"].get<double>(), 0.1);
}

/// The names that a reader knows, from its own refusal of a name that no option has.
std::string names_in_refusal(const std::string& message) {
  const std::string mark = "known here: ";
  return message.substr(message.find(mark) + mark.size());
}

template <class Registry>
void expect_entries_agree_with_themselves(const Registry& registry) {
  for (const auto& entry : registry.entries()) {
    const auto resolved = registry.read({{"name", entry.name}}, "section").resolved;
    EXPECT_EQ(registry.read(resolved, "section").resolved.dump(), resolved.dump()) << entry.name;
    std::vector<std::string> listed, written;
    for (const auto& field : entry.list()) listed.push_back(field.name);
    for (const auto& [key, value] : resolved.items()) {
      if (key != "name") written.push_back(key);
    }
    EXPECT_EQ(listed, written) << entry.name;
    const auto message = user_error([&] { registry.read({{"name", entry.name}, {"@", 1}}, "section"); });
    EXPECT_EQ(names_in_refusal(message), fmt::format("{}", fmt::join(listed, ", "))) << entry.name;
  }
}

TEST(Registry, ListReaderAndWriterAgreeOnEveryOption) {
  expect_entries_agree_with_themselves(domains());
  expect_entries_agree_with_themselves(energies());
  expect_entries_agree_with_themselves(optimizers());
  expect_entries_agree_with_themselves(schedules());
}

TEST(Registry, UnknownNameListsTheKnownOnesAndTheNearest) {
  const auto message = user_error([] { domains().read({{"name", "shpere"}}, "domain"); });
  for (const char* part :
       {"domain.name: unknown domain \"shpere\"", "did you mean \"sphere\"?", "sphere, euclidean"}) {
    expect_contains(message, part);
  }
}

TEST(Registry, RefusesSectionsWithoutAName) {
  expect_contains(user_error([] { domains().read(Json::object(), "domain"); }), "domain.name: missing");
  expect_contains(user_error([] {
                    domains().read({{"name", 3}}, "domain");
                  }),
                  "domain.name: expected a string");
  expect_contains(user_error([] { domains().read("sphere", "domain"); }), "domain: expected an object");
}

TEST(Registry, ErrorsInOptionsNameTheirPath) {
  const Json section = {{"name", "sphere"}, {"dimension", 1}};
  expect_contains(user_error([&] { domains().read(section, "domain"); }),
                  "domain.dimension: expected an integer >= 2");
}

TEST(Registry, MakesWhatTheOptionsSay) {
  EXPECT_EQ(domains().read({{"name", "sphere"}, {"dimension", 5}}, "domain").make({})->dimension(), 5);
}

TEST(Override, ValuesAreJsonWhereTheyCanBeAndTextOtherwise) {
  Json configuration = {{"loop", {{"iterations", 10}}}};
  apply_override(configuration, "loop.iterations=1e3");
  apply_override(configuration, "loop.metric=kl");
  apply_override(configuration, "loop.equation=a=b");
  apply_override(configuration, "loop.list=[1, 2]");
  apply_override(configuration, "loop.none=null");
  EXPECT_EQ(configuration["loop"]["iterations"], 1000.0);
  EXPECT_EQ(configuration["loop"]["metric"], "kl");
  EXPECT_EQ(configuration["loop"]["equation"], "a=b");
  EXPECT_EQ(configuration["loop"]["list"], (Json{1, 2}));
  EXPECT_TRUE(configuration["loop"]["none"].is_null());
}

TEST(Override, MakesSectionsOnTheWay) {
  Json configuration = Json::object();
  apply_override(configuration, "a.b.c=true");
  EXPECT_EQ(configuration.dump(), R"({"a":{"b":{"c":true}}})");
}

TEST(Override, RefusesBadForms) {
  for (const char* text : {"loop.iterations", "=3", "", "a..b=1", ".a=1", "a.=1", "x.y=1"}) {
    Json configuration = {{"x", 3}};
    const auto message = user_error([&] { apply_override(configuration, text); });
    EXPECT_FALSE(message.empty()) << text;
    EXPECT_EQ(configuration["x"], 3) << text;
  }
  Json configuration = {{"x", 3}};
  expect_contains(user_error([&] { apply_override(configuration, "x.y=1"); }), "x is 3, not a section");
}

struct SyntaxError {
  const char* text;
  int line, column;  ///< of the last character of what does not fit, both from 1
};

class Syntax : public ::testing::TestWithParam<SyntaxError> {};

TEST_P(Syntax, ErrorNamesFileLineAndColumn) {
  const TemporaryFolder folder;
  const auto path = folder.write("c.json", GetParam().text);
  expect_contains(user_error([&] { read_json_file(path.string()); }),
                  fmt::format("{}:{}:{}: ", path.string(), GetParam().line, GetParam().column));
}

INSTANTIATE_TEST_SUITE_P(
    Places, Syntax,
    ::testing::Values(SyntaxError{"", 1, 1},                               // nothing
                      SyntaxError{"x", 1, 1},                              // first character
                      SyntaxError{"\n\nx", 3, 1},                          // first of a line
                      SyntaxError{"{\"a\": 1,}", 1, 9},                    // trailing comma
                      SyntaxError{"{\n  \"a\": 1,\n  \"b\": x\n}", 3, 8},  // no literal
                      SyntaxError{"{\n  \"a\": 1\n  \"b\": 2\n}", 3, 5},   // missing comma
                      SyntaxError{"{\n  \"a\": \"x\n\"}", 2, 10},          // line end in a string
                      SyntaxError{"// note\n{\"a\": [1, 2}", 2, 12},       // wrong bracket
                      SyntaxError{"{\n\"a\": 1\n", 3, 1}));                // early end

// Found by the fuzzer: what is no UTF-8 could not be written to a run directory, what is nested too deep ends
// the stack, and a key may hold the end of a line.
TEST(Override, WhatCannotBeShownOrKeptIsAnError) {
  Json configuration = Json::object();
  const auto message = [&](const std::string& text) {
    return user_error([&] { apply_override(configuration, text); });
  };
  EXPECT_EQ(message("a=\xff"), "--set a: not UTF-8");
  expect_contains(message("a=" + std::string(200'000, '[')), "nested more than 100 deep");
  std::string path = "a";
  for (int i = 0; i < 200'000; ++i) path += ".a";
  expect_contains(message(path + "=1"), "nested more than 100 deep");
  expect_contains(message("a={\"b\": 1, \"b\": 2}"), "the key \"b\" comes twice");
  EXPECT_EQ(message("a\nb"), "--set a\\x0ab: expected section.key=value");
  expect_contains(user_error([] { read_json_text(std::string(200'000, '['), "FILE"); }),
                  "FILE: nested more than 100 deep");
  const Json odd = {{"a\nb", 1}};
  EXPECT_EQ(user_error([&] { FieldReader(odd, "trainer").finish(); }),
            "trainer.a\\x0ab: unknown key; known here: ");
}

TEST(ReadJson, SaysWhatIsWrong) {
  const TemporaryFolder folder;
  const auto path = folder.write("c.json", "{\"a\": 1, \"b\": x}");
  expect_contains(user_error([&] { read_json_file(path.string()); }), "invalid literal");
}

TEST(ReadJson, CommentsAreAllowed) {
  const TemporaryFolder folder;
  const auto path = folder.write("c.json", "// first\n{\"a\": 1 /* here */, // there\n \"b\": 2}");
  EXPECT_EQ(read_json_file(path.string()).dump(), R"({"a":1,"b":2})");
}

TEST(ReadJson, MissingFilesAndHugeNumbersAreErrors) {
  const TemporaryFolder folder;
  expect_contains(user_error([&] { read_json_file((folder / "none.json").string()); }),
                  "none.json: cannot be opened");
  const auto path = folder.write("huge.json", "{\"a\": 1e999}");
  expect_contains(user_error([&] { read_json_file(path.string()); }), "huge.json");
}

TEST(NearestName, TakesTheClosestThatIsCloseEnough) {
  EXPECT_EQ(nearest_name("iteration", {"iterations", "seconds"}), "iterations");
  EXPECT_EQ(nearest_name("particel_step", {"weight_step", "particle_step"}), "particle_step");
  EXPECT_EQ(nearest_name("banana", {"iterations", "seconds"}), std::nullopt);
}

// The parser would keep one of the two values without a word.
TEST(ReadJson, AKeySaidTwiceIsRefused) {
  const TemporaryFolder folder;
  const auto file = folder.write("c.json", R"({"a": {"b": 1, "b": 2}})").string();
  expect_contains(user_error([&] { read_json_file(file); }), file + ": the key \"b\" comes twice");
  EXPECT_EQ(read_json_file(folder.write("d.json", R"({"a": {"b": 1}, "c": {"b": 2}})").string()).size(), 2u);
}

}  // namespace
}  // namespace ebm::testing
