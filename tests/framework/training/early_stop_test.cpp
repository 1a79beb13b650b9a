#include "dualebm/framework/training/callbacks/early_stop.hpp"

#include <fmt/format.h>

#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// The number of evaluations after which the watch asks to stop; 0: never.
std::size_t stopped_after(EarlyStop& watch, const std::vector<double>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    watch.on_record({.progress = {}, .metrics = {{"tv", 1.0}, {"kl", values[i]}}});
    if (!watch.stop_reason().empty()) return i + 1;
  }
  return 0;
}

TEST(EarlyStop, StopsAfterExactlyPatienceEvaluationsWithoutImprovement) {
  EarlyStop watch("kl", 3);
  EXPECT_EQ(stopped_after(watch, {5, 4, 4.5, 4.5, 4.1, 4.2}), 5U);
  expect_contains(watch.stop_reason(), "kl has not improved on 4 for 3 evaluations");
}

TEST(EarlyStop, ImprovementStartsTheCountAgain) {
  EarlyStop watch("kl", 2);
  EXPECT_EQ(stopped_after(watch, {5, 6, 4, 5, 3, 4, 2}), 0U);
}

// A plateau is no improvement: "<=" would never stop on one.
TEST(EarlyStop, TheSameValueAgainIsNoImprovement) {
  EarlyStop watch("kl", 2);
  EXPECT_EQ(stopped_after(watch, {1, 1, 1, 1}), 3U);
}

TEST(EarlyStop, ReplayOfTheRecordsRestoresIt) {
  const std::vector<double> values = {5, 4, 4.5, 4.5};
  EarlyStop resumed("kl", 3);
  EXPECT_EQ(stopped_after(resumed, values), 0U);
  EXPECT_EQ(stopped_after(resumed, {4.1}), 1U);
}

TEST(EarlyStop, NothingSeenIsNoReasonToStop) { EXPECT_EQ(EarlyStop("kl", 1).stop_reason(), ""); }

TEST(EarlyStop, RefusesMetricsItCannotJudge) {
  expect_contains(user_error([] { EarlyStop("tv", 3); }), "tv");
  expect_contains(user_error([] { EarlyStop("nll_validaton", 3); }), "did you mean \"nll_validation\"?");
}

TEST(EarlyStop, AMetricMissingFromTheRecordIsAnError) {
  EarlyStop watch("score_error", 3);
  expect_contains(user_error([&] { stopped_after(watch, {1}); }), "no metric score_error");
}

}  // namespace
}  // namespace ebm::testing
