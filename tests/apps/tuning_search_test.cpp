#include <nlohmann/json.hpp>

#include "dualebm/apps/tuning/tuning_search.hpp"
#include "tests/apps/planned_tuning.hpp"

namespace ebm::testing {
namespace {

TrialOutcome with_value(double value) { return {.value = value}; }

/// Nine trials, reduced by three.
struct Halving {
  explicit Halving(bool lower = true)
      : plan(planned(
            with_ranges({{"trainer.particle_step", step_range}}, {{"search", "halving"}, {"trials", 9}}))),
        search(plan, lower, {}) {}
  void note(std::size_t rung, const std::vector<double>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) search.note(rung, i, with_value(values[i]));
  }
  TuningPlan plan;
  TuningSearch search;
};

TEST(TuningSearch, TheBestThirdGoesOn) {
  Halving halving;
  auto& search = halving.search;
  EXPECT_EQ(search.contenders(0).size(), 9u);
  halving.note(0, {5, 1, 7, 3, 9, 8, 6, 2});
  EXPECT_TRUE(search.contenders(1).empty()) << "the ninth is at work";
  search.note(0, 8, with_value(4));
  EXPECT_EQ(search.contenders(1), (std::vector<std::size_t>{1, 3, 7}));
  for (const auto& [trial, value] : {std::pair<std::size_t, double>{1, 0.9}, {3, 0.2}, {7, 0.5}})
    search.note(1, trial, with_value(value));
  EXPECT_FALSE(search.complete());
  EXPECT_FALSE(search.winner().has_value());
  EXPECT_EQ(search.contenders(2), (std::vector<std::size_t>{3}));
  search.note(2, 3, with_value(0.1));
  ASSERT_TRUE(search.winner().has_value());
  EXPECT_EQ(search.winner()->trial, 3u);
  const auto ranking = search.ranking();
  std::vector<std::size_t> order;
  for (const auto& one : ranking) order.push_back(one.trial);
  EXPECT_EQ(order, (std::vector<std::size_t>{3, 7, 1, 8, 0, 6, 2, 5, 4}));
}

TEST(TuningSearch, WhereMoreIsBetterTheGreatestGoOn) {
  Halving halving(/*lower=*/false);
  halving.note(0, {5, 1, 7, 3, 9, 8, 6, 2, 4});
  EXPECT_EQ(halving.search.contenders(1), (std::vector<std::size_t>{2, 4, 5}));
}

TEST(TuningSearch, EqualValuesGoByTheirNumber) {
  Halving halving;
  halving.note(0, {2, 1, 2, 2, 2, 2, 2, 2, 2});
  EXPECT_EQ(halving.search.contenders(1), (std::vector<std::size_t>{0, 1, 2}));
}

// What has diverged has no value, whatever its records said on the way; what diverges later does not win
// either.
TEST(TuningSearch, WhatDivergesNeverGoesOnAndNeverWins) {
  Halving halving;
  auto& search = halving.search;
  const TrialOutcome diverged{.end = RunEnd::diverged, .reason = "far", .value = {}, .error = {}};
  halving.note(0, {5, 1, 7, 3, 9, 8, 6, 2, 4});
  search.note(0, 1, diverged);
  EXPECT_EQ(search.contenders(1), (std::vector<std::size_t>{3, 7, 8}));
  search.note(1, 3, with_value(0.2));
  search.note(1, 7, with_value(0.3));
  search.note(1, 8, with_value(0.4));
  search.note(2, 3, diverged);
  EXPECT_TRUE(search.complete());
  EXPECT_FALSE(search.winner().has_value());
  EXPECT_EQ(search.ranking().back().outcome.end, RunEnd::diverged);
  EXPECT_EQ(search.ranking().front().trial, 7u);
}

TEST(TuningSearch, WhereAllDivergeItIsOverWithoutAWinner) {
  Halving halving;
  const TrialOutcome diverged{.end = RunEnd::diverged, .reason = "far", .value = {}, .error = {}};
  for (std::size_t i = 0; i < 9; ++i) halving.search.note(0, i, diverged);
  EXPECT_TRUE(halving.search.complete());
  EXPECT_FALSE(halving.search.winner().has_value());
}

TEST(TrialOutcomes, ComeBackFromTheirFileButForWhatFailed) {
  const TemporaryFolder folder;
  TrialOutcomes outcomes;
  outcomes[{0, 1}] = {
      .end = RunEnd::early_stop, .reason = "why", .value = 0.1 + 0.2, .error = 1e-3, .iteration = 7};
  outcomes[{1, 0}] = {.end = RunEnd::diverged, .reason = "far", .value = {}, .error = {}};
  outcomes[{1, 1}] = {.end = RunEnd::failed, .reason = "disk", .value = {}, .error = {}};
  const auto file = folder.write("trials.json", Json({{"outcomes", to_json(outcomes)}}).dump());
  const auto read = read_outcomes(file);
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read.at({0, 1}).value, 0.1 + 0.2);
  EXPECT_EQ(read.at({0, 1}).status(), "stopped early: why");
  EXPECT_FALSE(read.at({1, 0}).value.has_value());
  EXPECT_TRUE(read_outcomes(folder / "none").empty());
  for (const char* damaged :
       {"{}", R"({"outcomes": [{"rung": 0, "trial": 1}]})", R"({"outcomes": [{}]})", "{"})
    EXPECT_THROW(read_outcomes(folder.write("trials.json", damaged)), UserError) << damaged;
}

}  // namespace
}  // namespace ebm::testing
