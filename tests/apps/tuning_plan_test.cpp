#include <nlohmann/json.hpp>

#include <cmath>
#include <set>

#include "dualebm/apps/standard_catalogue.hpp"
#include "dualebm/apps/tuning/tuning_search.hpp"
#include "dualebm/framework/experiment/tuning_plan.hpp"
#include "tests/apps/program.hpp"

namespace ebm::testing {
namespace {

Json with_ranges(const Json& ranges, Json tune = Json::object()) {
  auto configuration = Json::parse(small_configuration);
  configuration["dataset"]["validation"] = 100;
  tune["ranges"] = ranges;
  configuration["tune"] = tune;
  return configuration;
}

TuningPlan planned(const Json& configuration) { return plan_tuning(configuration, standard_catalogue()); }

std::vector<Json> sets_of(const TuningPlan& plan) {
  std::vector<Json> sets;
  for (const auto& trial : plan.trials) sets.push_back(trial.set);
  return sets;
}

const Json three_ranges = {{"energy.neurons", {{"from", 4}, {"to", 64}, {"scale", "log"}}},
                           {"optimizer",
                            {{"values",
                              {{{"name", "adam"}, {"learning_rate", 0.01}}, {{"name", "wasserstein_fisher_rao"}}}}}},
                           {"trainer.particle_step", {{"from", 0.001}, {"to", 0.1}, {"scale", "log"}}}};

struct Refusal {
  std::string name;
  Json ranges;
  std::string part;
  Json tune = Json::object();
};

class RefusedRanges : public ::testing::TestWithParam<Refusal> {};

// One line that says which range, what was found and what is allowed, before anything is trained.
TEST_P(RefusedRanges, EachWithItsLine) {
  try {
    planned(with_ranges(GetParam().ranges, GetParam().tune));
    FAIL() << "not refused";
  } catch (const UserError& error) {
    expect_contains(error.what(), GetParam().part);
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
  }
}

const Json steps = {{"from", 0.001}, {"to", 0.1}};

INSTANTIATE_TEST_SUITE_P(
    All, RefusedRanges,
    ::testing::Values(
        Refusal{"None", Json::object(), "tune.ranges: nothing to search"},
        Refusal{"NoObject", Json::array({1}), "tune.ranges: expected an object of path: range, found [1]"},
        Refusal{"NoRange", {{"energy.neurons", 4}}, "tune.ranges.energy.neurons: expected an object, found 4"},
        Refusal{"UnknownKey",
                {{"energy.neuron", {{"from", 4}, {"to", 8}}}},
                "energy.neuron: unknown key (did you mean \"neurons\"?)"},
        Refusal{"UnknownKeyBesideAGoodOne",
                {{"trainer.particle_step", steps}, {"energy.neuron", {{"from", 4}, {"to", 8}}}},
                "tune.ranges, energy.neuron=4"},
        Refusal{"UnknownSection", {{"enrgy.neurons", {{"values", {4}}}}}, "enrgy: unknown key (did you mean \"energy\"?)"},
        Refusal{"UnknownKeyOfARange",
                {{"energy.neurons", {{"from", 4}, {"too", 8}}}},
                "tune.ranges.energy.neurons.too: unknown key (did you mean \"to\"?)"},
        Refusal{"Reversed",
                {{"trainer.particle_step", {{"from", 0.1}, {"to", 0.001}}}},
                "tune.ranges.trainer.particle_step: from 0.1 is not below to 0.001"},
        Refusal{"Empty",
                {{"trainer.particle_step", {{"from", 0.1}, {"to", 0.1}}}},
                "tune.ranges.trainer.particle_step: from 0.1 is not below to 0.1"},
        Refusal{"OneEnd", {{"trainer.particle_step", {{"from", 0.1}}}}, "expected \"from\" and \"to\", or \"values\""},
        Refusal{"NoValues", {{"energy.neurons", {{"values", Json::array()}}}}, "expected an array of at least one value"},
        Refusal{"ValuesAndEnds",
                {{"energy.neurons", {{"values", {4}}, {"to", 8}}}},
                "values stand for themselves; leave out from, to and scale"},
        Refusal{"LogarithmOfZero",
                {{"trainer.particle_step", {{"from", 0}, {"to", 0.1}, {"scale", "log"}}}},
                "tune.ranges.trainer.particle_step.from: on a log scale expected a number > 0, found 0"},
        Refusal{"UnknownScale",
                {{"trainer.particle_step", {{"from", 0.1}, {"to", 1}, {"scale", "logarithm"}}}},
                "tune.ranges.trainer.particle_step.scale: expected one of linear, log"},
        Refusal{"BelowTheOption",
                {{"trainer.particle_step", {{"from", -1}, {"to", 0.1}}}},
                "tune.ranges, trainer.particle_step=-1.0: trainer.particle_step: expected a number > 0"},
        Refusal{"AboveTheOption",
                {{"loop.average_decay", {{"from", 0.5}, {"to", 1.5}}}},
                "tune.ranges, loop.average_decay=1.5: loop.average_decay: expected a number in [0, 1)"},
        Refusal{"NoInteger",
                {{"energy.neurons", {{"from", 0.5}, {"to", 8}}}},
                "energy.neurons: expected an integer"},
        Refusal{"ValueOfAnotherKind",
                {{"energy.neurons", {{"values", {4, "many"}}}}},
                "tune.ranges, energy.neurons=\"many\": energy.neurons: expected an integer"},
        Refusal{"NumbersForAText",
                {{"dtype", {{"values", {"float32", "float64"}}}}},
                "tune.ranges.dtype: trials that differ in dtype are not compared by one validation part"},
        Refusal{"NumbersForAChoice",
                {{"optimizer.name", {{"from", 0}, {"to", 1}}}},
                "tune.ranges, optimizer.name=0.0: optimizer.name: expected a string"},
        Refusal{"NumbersForTrueOrFalse",
                {{"trainer.weights", {{"from", 0}, {"to", 1}}}},
                "trainer.weights: expected true or false"},
        Refusal{"OtherData",
                {{"dataset.train", {{"from", 10}, {"to", 100}}}},
                "trials that differ in dataset are not compared by one validation part"},
        Refusal{"Seeds", {{"seed", {{"values", {0, 1}}}}}, "trials that differ in seed"},
        Refusal{"Time",
                {{"loop.seconds", {{"from", 1}, {"to", 2}}}},
                "a budget of time makes the choice hang on the machine"},
        Refusal{"OneKeyTwice",
                {{"energy", {{"values", {{{"name", "shallow"}}}}}}, {"energy.neurons", {{"values", {4, 8}}}}},
                "tune.ranges: energy and energy.neurons set the same key"},
        Refusal{"LengthsUnderHalving",
                {{"loop.iterations", {{"from", 10}, {"to", 100}}}},
                "halving chooses the length of the runs itself",
                {{"search", "halving"}}},
        Refusal{"MoreTrialsThanCombinations",
                {{"energy.neurons", {{"from", 4}, {"to", 7}}}},
                "tune.trials: 20 trials, and the ranges have 4 combinations"},
        Refusal{"TestMetric",
                {{"trainer.particle_step", steps}},
                "tune.metric: nll_test is no metric of the validation points",
                {{"metric", "nll_test"}}},
        Refusal{"UnknownMetric",
                {{"trainer.particle_step", steps}},
                "did you mean \"nll_validation\"?",
                {{"metric", "nll_valdation"}}},
        Refusal{"MoreRungsThanTrialsFor",
                {{"trainer.particle_step", steps}},
                "tune.rungs: 4 rungs leave none of 20 trials for the last one; at most 3",
                {{"search", "halving"}, {"rungs", 4}}},
        Refusal{"RunsTooShortForRungs",
                {{"trainer.particle_step", steps}},
                "loop.iterations: 40 are too few for a first rung of 1/729 of them",
                {{"search", "halving"}, {"trials", 729}}}),
    [](const auto& info) { return info.param.name; });

TEST(TuningPlan, TestPointsStopNoRunEarly) {
  auto configuration = with_ranges({{"trainer.particle_step", steps}});
  configuration["loop"]["early_stop_metric"] = "nll_test";
  try {
    planned(configuration);
    FAIL();
  } catch (const UserError& error) {
    expect_contains(error.what(), "loop.early_stop_metric: nll_test looks at the test points");
  }
}

// The same seed plans the same trials, and more trials begin like fewer: a search can be given more.
TEST(TuningPlan, TrialsHangOnTheSeedAlone) {
  const auto twenty = sets_of(planned(with_ranges(three_ranges)));
  EXPECT_EQ(sets_of(planned(with_ranges(three_ranges))), twenty);
  const auto few = sets_of(planned(with_ranges(three_ranges, {{"trials", 5}})));
  EXPECT_EQ(few, std::vector<Json>(twenty.begin(), twenty.begin() + 5));
  EXPECT_NE(sets_of(planned(with_ranges(three_ranges, {{"seed", 1}}))), twenty);
  // A range that is added changes no draw of another.
  auto four = three_ranges;
  four["loop.batch_size"] = {{"from", 1}, {"to", 100}};
  const auto with_four = sets_of(planned(with_ranges(four)));
  EXPECT_EQ(with_four[7]["trainer.particle_step"], twenty[7]["trainer.particle_step"]);
}

TEST(TuningPlan, TrialsAreTheConfigurationWithTheirDraws) {
  const auto plan = planned(with_ranges(three_ranges));
  for (std::size_t i = 0; i < plan.trials.size(); ++i) {
    const auto& resolved = plan.training(0, i).experiment.resolved;
    const auto& set = plan.trials[i].set;
    EXPECT_TRUE(set["energy.neurons"].is_number_integer());
    EXPECT_EQ(resolved["energy"]["neurons"], set["energy.neurons"]);
    EXPECT_EQ(resolved["optimizer"]["name"], set["optimizer"]["name"]);
    EXPECT_EQ(resolved["trainer"]["particle_step"], set["trainer.particle_step"]);
    EXPECT_EQ(resolved["seed"], 0);
  }
  EXPECT_EQ(plan.training(0, 6).folder(), "trial007/seed0");
}

// No two trials are the same, so that as many as there are combinations are all of them.
TEST(TuningPlan, NoTrialComesTwice) {
  const auto plan = planned(with_ranges({{"energy.neurons", {{"from", 4}, {"to", 8}}},
                                         {"optimizer.neuron_step", {{"values", {0.01, 0.02, 0.04, 0.02}}}}},
                                        {{"trials", 15}}));
  std::set<std::string> different;
  for (const auto& set : sets_of(plan)) different.insert(set.dump());
  EXPECT_EQ(different.size(), 15u);
}

// Known places of the scale: its ends, its middle, and the cells of integers.
TEST(ParameterRange, DrawsByItsScale) {
  const auto range = [](const Json& section) { return ParameterRange::read("a.b", section); };
  const auto linear = range({{"from", 1}, {"to", 3}});
  const auto logarithmic = range({{"from", 1e-4}, {"to", 1}, {"scale", "log"}});
  EXPECT_EQ(linear.draw(0), 1.0);
  EXPECT_EQ(linear.draw(0.5), 2.0);
  EXPECT_DOUBLE_EQ(logarithmic.draw(0).get<double>(), 1e-4);
  EXPECT_NEAR(logarithmic.draw(0.5).get<double>(), 1e-2, 1e-12);
  EXPECT_NEAR(logarithmic.draw(0.75).get<double>(), 1e-1, 1e-12);
  auto whole = linear;
  whole.whole = true;
  for (const auto& [uniform, expected] : {std::pair{0.0, 1}, {0.33, 1}, {0.34, 2}, {0.66, 2}, {0.67, 3}, {0.999, 3}})
    EXPECT_EQ(whole.draw(uniform), expected) << uniform;
  const auto values = range({{"values", {"a", 2, true}}});
  EXPECT_EQ(values.draw(0), "a");
  EXPECT_EQ(values.draw(0.5), 2);
  EXPECT_EQ(values.draw(0.9999), true);
}

// 1000 draws of a logarithm that is uniform: the mean lies within four standard errors, L / sqrt(12 n), of the middle.
TEST(ParameterRange, DrawsOfManyTrialsAreUniformInTheLogarithm) {
  const auto plan = planned(
      with_ranges({{"trainer.particle_step", {{"from", 1e-4}, {"to", 1e-1}, {"scale", "log"}}}}, {{"trials", 1000}}));
  double sum = 0;
  int below = 0;
  for (const auto& set : sets_of(plan)) {
    const double logarithm = std::log10(set["trainer.particle_step"].get<double>());
    EXPECT_GE(logarithm, -4 - 1e-12);
    EXPECT_LE(logarithm, -1 + 1e-12);
    sum += logarithm;
    below += logarithm < -3;
  }
  EXPECT_NEAR(sum / 1000, -2.5, 4 * 3 / std::sqrt(12.0 * 1000));
  EXPECT_NEAR(below, 333, 4 * std::sqrt(1000.0 * 2 / 9));
}

TEST(TuningPlan, HalvingDividesTrialsAndLengths) {
  auto configuration = with_ranges({{"trainer.particle_step", steps}}, {{"search", "halving"}});
  configuration["loop"]["iterations"] = 1000;
  configuration["loop"]["gradient_evaluations"] = 90000;
  const auto plan = planned(configuration);
  ASSERT_EQ(plan.rungs.size(), 3u);
  const std::int64_t trials[] = {20, 6, 2}, iterations[] = {111, 333, 1000}, gradients[] = {10000, 30000, 90000};
  for (std::size_t rung = 0; rung < 3; ++rung) {
    EXPECT_EQ(plan.rungs[rung].trials, trials[rung]);
    const auto& fit = plan.training(rung, 4).experiment.loop.fit;
    EXPECT_EQ(fit.iterations, iterations[rung]);
    EXPECT_EQ(fit.gradient_evaluations, gradients[rung]);
    EXPECT_EQ(plan.training(rung, 4).folder(), "trial005/seed0") << "it goes on in its folder";
  }
  configuration["tune"]["rungs"] = 2;
  configuration["tune"]["reduction"] = 4;
  EXPECT_EQ(planned(configuration).rungs[1].trials, 5);
  EXPECT_EQ(planned(configuration).training(0, 0).experiment.loop.fit.iterations, 250);
}

// A schedule that follows the share of the run makes a short run another one than the beginning of a long one.
TEST(TuningPlan, WhereASchedulesFollowsTheLengthEachRungIsARunOfItsOwn) {
  const auto goes_on = [](const std::string& key, const std::string& name) {
    auto configuration =
        with_ranges({{"trainer.particle_step", steps}}, {{"search", "halving"}, {"trials", 9}});
    configuration[key] = {{"name", name}};
    const auto plan = planned(configuration);
    EXPECT_EQ(plan.training(1, 0).folder(),
              plan.trials[0].goes_on ? "trial001/seed0" : "trial001-rung2/seed0");
    return plan.trials[0].goes_on;
  };
  for (const char* name : {"constant", "inverse_sqrt", "exponential"}) {
    EXPECT_TRUE(goes_on("optimizer_schedule", name)) << name;
  }
  for (const char* key : {"optimizer_schedule", "particle_schedule"}) EXPECT_FALSE(goes_on(key, "cosine")) << key;
}

TrialOutcome with_value(double value) { return {.value = value}; }

/// Nine trials, reduced by three.
struct Halving {
  explicit Halving(bool lower = true)
      : plan(planned(with_ranges({{"trainer.particle_step", steps}}, {{"search", "halving"}, {"trials", 9}}))),
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

// What has diverged has no value, whatever its records said on the way; what diverges later does not win either.
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
  outcomes[{0, 1}] = {.end = RunEnd::early_stop, .reason = "why", .value = 0.1 + 0.2, .error = 1e-3, .iteration = 7};
  outcomes[{1, 0}] = {.end = RunEnd::diverged, .reason = "far", .value = {}, .error = {}};
  outcomes[{1, 1}] = {.end = RunEnd::failed, .reason = "disk", .value = {}, .error = {}};
  const auto file = folder.write("trials.json", Json({{"outcomes", to_json(outcomes)}}).dump());
  const auto read = read_outcomes(file);
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read.at({0, 1}).value, 0.1 + 0.2);
  EXPECT_EQ(read.at({0, 1}).status(), "stopped early: why");
  EXPECT_FALSE(read.at({1, 0}).value.has_value());
  EXPECT_TRUE(read_outcomes(folder / "none").empty());
  for (const char* damaged : {"{}", R"({"outcomes": [{"rung": 0, "trial": 1}]})", R"({"outcomes": [{}]})", "{"})
    EXPECT_THROW(read_outcomes(folder.write("trials.json", damaged)), UserError) << damaged;
}

}  // namespace
}  // namespace ebm::testing
