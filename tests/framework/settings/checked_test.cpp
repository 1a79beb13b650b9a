#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "dualebm/framework/settings/fields.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// One option of every kind that has something to check.
struct Bounded {
  double step = 0.5;
  std::optional<double> cap = std::nullopt;
  std::int64_t count = 7;
  std::string mode = "fast";
  std::string file = "relative/path";
  std::vector<double> widths = {1, 2};
  std::vector<std::int64_t> sizes = {3};
  std::vector<std::vector<double>> means = {{1, 0}};
  double free = 0;
  void describe(Fields& fields) {
    fields.number("step", step, Range::positive(), "a step");
    fields.number("cap", cap, Range::at_least(0), "a cap");
    fields.integer("count", count, Range::between(1, 1e6), "a count");
    fields.choice("mode", mode, {"fast", "exact"}, "a choice");
    fields.path("file", file, "a file");
    fields.numbers("widths", widths, Range::positive(), "numbers");
    fields.integers("sizes", sizes, Range::at_least(1), "integers");
    fields.vectors("means", means, "vectors");
    fields.number("free", free, Range::any(), "any number");
  }
};

std::string complaint(const Bounded& options) {
  return user_error([&] { checked(options, "owner"); });
}

TEST(Checked, HandsOnWhatIsInRangeAsItIs) {
  const auto options =
      checked(Bounded{.step = 1e-300, .cap = 0.0, .count = 1000000, .mode = "exact"}, "owner");
  EXPECT_EQ(options.step, 1e-300);
  EXPECT_EQ(options.cap, 0.0);
  EXPECT_EQ(options.count, 1000000);
  EXPECT_EQ(options.mode, "exact");
  EXPECT_EQ(options.file, "relative/path") << "only the reader of a configuration makes a path absolute";
}

TEST(Checked, NamesOwnerOptionWhatWasFoundAndWhatIsAllowed) {
  const std::pair<Bounded, const char*> cases[] = {
      {{.step = 0}, "owner.step: expected a number > 0, found 0"},
      {{.cap = -1}, "owner.cap: expected a number >= 0, found -1"},
      {{.count = 0}, "owner.count: expected an integer in [1, 1e+06], found 0"},
      {{.count = 1000001}, "owner.count: expected an integer in [1, 1e+06], found 1000001"},
      {{.mode = "exat"}, "owner.mode: expected one of fast, exact (did you mean \"exact\"?), found \"exat\""},
      {{.widths = {1, -2}}, "owner.widths[1]: expected a number > 0, found -2"},
      {{.sizes = {0}}, "owner.sizes[0]: expected an integer >= 1, found 0"},
  };
  for (const auto& [options, message] : cases) {
    const auto found = complaint(options);
    expect_contains(found, message);
    EXPECT_EQ(found.find('\n'), std::string::npos) << found;
  }
}

// A comparison with NaN is false, whichever way round it is asked.
TEST(Checked, WhatIsNotFiniteIsInNoRange) {
  const double nan = std::nan(""), infinite = std::numeric_limits<double>::infinity();
  expect_contains(complaint({.step = nan}), "owner.step: expected a number > 0, found nan");
  expect_contains(complaint({.step = infinite}), "owner.step: expected a number > 0, found inf");
  expect_contains(complaint({.cap = nan}), "owner.cap: expected a number >= 0, found nan");
  expect_contains(complaint({.widths = {nan}}), "owner.widths[0]");
  expect_contains(complaint({.means = {{0, 1}, {nan, 0}}}), "owner.means[1][0]");
  expect_contains(complaint({.free = -infinite}), "owner.free: expected a number finite, found -inf");
}

}  // namespace
}  // namespace ebm::testing
