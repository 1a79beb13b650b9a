#include "dualebm/framework/storage/state_file.hpp"

#include <ATen/ATen.h>

#include <bit>
#include <cmath>
#include <limits>

#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// The bytes of a tensor, which tell one NaN from another and 0 from -0.
std::string bytes_of(const torch::Tensor& tensor) {
  const auto rows = tensor.contiguous();
  return {static_cast<const char*>(rows.data_ptr()), rows.nbytes()};
}

void expect_same_state(const State& a, const State& b) {
  ASSERT_EQ(a.values().size(), b.values().size());
  for (const auto& [name, value] : a.values()) {
    ASSERT_TRUE(b.has(name)) << name;
    const auto& other = b.values().at(name);
    ASSERT_EQ(value.index(), other.index()) << name;
    if (const auto* tensor = std::get_if<torch::Tensor>(&value)) {
      const auto& found = std::get<torch::Tensor>(other);
      EXPECT_EQ(tensor->sizes(), found.sizes()) << name;
      EXPECT_EQ(tensor->scalar_type(), found.scalar_type()) << name;
      EXPECT_EQ(bytes_of(*tensor), bytes_of(found)) << name;
    } else if (const auto* number = std::get_if<double>(&value)) {
      EXPECT_EQ(std::bit_cast<std::uint64_t>(*number), std::bit_cast<std::uint64_t>(std::get<double>(other)))
          << name;
    } else {
      EXPECT_EQ(value.index() == 1 ? std::get<std::int64_t>(value) == std::get<std::int64_t>(other)
                                   : std::get<std::string>(value) == std::get<std::string>(other),
                true)
          << name;
    }
  }
}

State hard_values() {
  const double infinity = std::numeric_limits<double>::infinity(), nan = std::nan("");
  State state;
  state.write("double",
              torch::tensor({infinity, -infinity, nan, -nan, -0.0, 5e-324, 1.0 / 3}, torch::kDouble));
  state.write("float", torch::tensor({infinity, nan, -0.0, 1e-45}, torch::kFloat));
  state.write("bytes", torch::arange(256).to(torch::kByte));
  state.write("flags", torch::tensor({true, false, true}));
  state.write("whole",
              torch::tensor({std::numeric_limits<std::int64_t>::min(), std::int64_t{-1}}, torch::kLong));
  state.write("scalar", torch::full({}, 2.5));
  state.write("empty", torch::zeros({0}));
  state.write("no_rows", torch::zeros({0, 3}, torch::kDouble));
  state.write("turned", torch::arange(6, torch::kDouble).reshape({2, 3}).t());
  state.write("part.of.a.name", torch::ones({1}));
  for (const double value : {infinity, -infinity, nan, -0.0, 5e-324, 0.1})
    state.write(fmt::format("number_{}", state.values().size()), value);
  for (const std::int64_t value : {std::numeric_limits<std::int64_t>::min(),
                                   std::numeric_limits<std::int64_t>::max(), std::int64_t{9007199254740993}})
    state.write(fmt::format("integer_{}", state.values().size()), value);
  state.write("text", std::string("two\nlines, \"quotes\" and τ"));
  state.write("no_text", std::string());
  return state;
}

std::filesystem::path small_file(const TemporaryFolder& folder) {
  State state;
  state.write("x", torch::arange(5, torch::kDouble));
  state.write("rate", 0.25);
  state.write("count", std::int64_t{3});
  state.write("kind", std::string("sgd"));
  write_state(folder / "state.ebm", state);
  return folder / "state.ebm";
}

/// The refusal of a file: one line that names it.
std::string refused(const std::filesystem::path& path) {
  const auto message = user_error([&] { read_state(path); });
  EXPECT_EQ(message.rfind(path.string() + ": ", 0), 0U) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  return message;
}

TEST(StateFile, EveryValueComesBackBitForBit) {
  const TemporaryFolder folder;
  const auto state = hard_values();
  write_state(folder / "state.ebm", state);
  expect_same_state(state, read_state(folder / "state.ebm"));
}

TEST(StateFile, AnEmptyStateIsOne) {
  const TemporaryFolder folder;
  write_state(folder / "state.ebm", State());
  EXPECT_TRUE(read_state(folder / "state.ebm").values().empty());
}

TEST(StateFile, TheSameStateIsTheSameBytes) {
  const TemporaryFolder folder;
  write_state(folder / "a.ebm", hard_values());
  write_state(folder / "b.ebm", hard_values());
  EXPECT_EQ(read_file(folder / "a.ebm"), read_file(folder / "b.ebm"));
}

// Each bit of each byte, of the header too.
TEST(StateFile, RefusesEveryFlippedBit) {
  const TemporaryFolder folder;
  const auto whole = read_file(small_file(folder));
  ASSERT_LT(whole.size(), 1000U) << "too long to try all of it";
  for (std::size_t place = 0; place < whole.size(); ++place) {
    for (int bit = 0; bit < 8; ++bit) {
      auto bytes = whole;
      bytes[place] = static_cast<char>(bytes[place] ^ (1 << bit));
      refused(folder.write("altered.ebm", bytes));
      if (HasFailure()) FAIL() << "byte " << place << ", bit " << bit;
    }
  }
}

TEST(StateFile, AnAlteredNumberIsDamage) {
  const TemporaryFolder folder;
  auto bytes = read_file(small_file(folder));
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  expect_contains(refused(folder.write("altered.ebm", bytes)), "damaged");
}

TEST(StateFile, RefusesAFileCutShortOrExtended) {
  const TemporaryFolder folder;
  const auto whole = read_file(small_file(folder));
  const auto header = whole.find('\n') + 1;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto message = refused(folder.write("cut.ebm", whole.substr(0, size)));
    if (size >= header) expect_contains(message, "cut short or extended");
  }
  expect_contains(refused(folder.write("long.ebm", whole + "x")), "cut short or extended");
}

TEST(StateFile, RefusesWhatIsNoState) {
  const TemporaryFolder folder;
  for (const char* content : {"PK\x03\x04 something else", "", "dualebm-state-1 0 00000000\n", "\n"}) {
    expect_contains(refused(folder.write("other.ebm", content)), "not a state of this program");
  }
  expect_contains(refused(folder / "missing.ebm"), "cannot be opened");
}

}  // namespace
}  // namespace ebm::testing
