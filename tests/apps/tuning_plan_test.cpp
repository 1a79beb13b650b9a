#include <nlohmann/json.hpp>

#include <cmath>
#include <set>

#include "tests/apps/planned_tuning.hpp"

namespace ebm::testing {
namespace {

std::vector<Json> sets_of(const TuningPlan& plan) {
  std::vector<Json> sets;
  for (const auto& trial : plan.trials) sets.push_back(trial.set);
  return sets;
}

const Json three_ranges = {
    {"energy.neurons", {{"from", 4}, {"to", 64}, {"scale", "log"}}},
    {"optimizer",
     {{"values", {{{"name", "adam"}, {"learning_rate", 0.01}}, {{"name", "wasserstein_fisher_rao"}}}}}},
    {"trainer.particle_step", {{"from", 0.001}, {"to", 0.1}, {"scale", "log"}}}};

TEST(TuningPlan, TestPointsStopNoRunEarly) {
  auto configuration = with_ranges({{"trainer.particle_step", step_range}});
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
                                         {"trainer.particle_step", {{"values", {0.01, 0.02, 0.04, 0.02}}}}},
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
  EXPECT_NEAR(logarithmic.draw(0).get<double>(), 1e-4, 1e-16);
  EXPECT_NEAR(logarithmic.draw(0.5).get<double>(), 1e-2, 1e-12);
  EXPECT_NEAR(logarithmic.draw(0.75).get<double>(), 1e-1, 1e-12);
  auto whole = linear;
  whole.whole = true;
  for (const auto& [uniform, expected] :
       {std::pair{0.0, 1}, {0.33, 1}, {0.34, 2}, {0.66, 2}, {0.67, 3}, {0.999, 3}})
    EXPECT_EQ(whole.draw(uniform), expected) << uniform;
  const auto values = range({{"values", {"a", 2, true}}});
  EXPECT_EQ(values.draw(0), "a");
  EXPECT_EQ(values.draw(0.5), 2);
  EXPECT_EQ(values.draw(0.9999), true);
}

// 400 draws of a logarithm that is uniform: the mean lies within four standard errors, L / sqrt(12 n), of
// the middle.
TEST(ParameterRange, DrawsOfManyTrialsAreUniformInTheLogarithm) {
  const auto plan = planned(with_ranges(
      {{"trainer.particle_step", {{"from", 1e-4}, {"to", 1e-1}, {"scale", "log"}}}}, {{"trials", 400}}));
  double sum = 0;
  int below = 0;
  for (const auto& set : sets_of(plan)) {
    const double logarithm = std::log10(set["trainer.particle_step"].get<double>());
    EXPECT_GE(logarithm, -4 - 1e-12);
    EXPECT_LE(logarithm, -1 + 1e-12);
    sum += logarithm;
    below += logarithm < -3;
  }
  EXPECT_NEAR(sum / 400, -2.5, 4 * 3 / std::sqrt(12.0 * 400));
  EXPECT_NEAR(below, 400.0 / 3, 4 * std::sqrt(400.0 * 2 / 9));
}

TEST(TuningPlan, HalvingDividesTrialsAndLengths) {
  auto configuration = with_ranges({{"trainer.particle_step", step_range}}, {{"search", "halving"}});
  configuration["loop"]["iterations"] = 1000;
  configuration["loop"]["gradient_evaluations"] = 90000;
  const auto plan = planned(configuration);
  ASSERT_EQ(plan.rungs.size(), 3u);
  const std::int64_t trials[] = {20, 6, 2}, iterations[] = {111, 333, 1000},
                     gradients[] = {10000, 30000, 90000};
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

// A schedule that follows the share of the run makes a short run another one than the beginning of a long
// one.
TEST(TuningPlan, WhereASchedulesFollowsTheLengthEachRungIsARunOfItsOwn) {
  const auto goes_on = [](const std::string& key, const std::string& name) {
    auto configuration =
        with_ranges({{"trainer.particle_step", step_range}}, {{"search", "halving"}, {"trials", 9}});
    configuration[key] = {{"name", name}};
    const auto plan = planned(configuration);
    EXPECT_EQ(plan.training(1, 0).folder(),
              plan.trials[0].goes_on ? "trial001/seed0" : "trial001-rung2/seed0");
    return plan.trials[0].goes_on;
  };
  for (const char* name : {"constant", "inverse_sqrt", "exponential", "step"}) {
    EXPECT_TRUE(goes_on("optimizer_schedule", name)) << name;
  }
  for (const char* key : {"optimizer_schedule", "particle_schedule"})
    EXPECT_FALSE(goes_on(key, "cosine")) << key;
}

// What a random search would not look at.
TEST(TuningPlan, OptionsOfHalvingAreRefusedInARandomSearch) {
  EXPECT_NO_THROW(planned(with_ranges(three_ranges, {{"search", "random"}})));
  for (const char* key : {"rungs", "reduction"}) {
    const Json tune = {{"search", "random"}, {key, 2}};
    expect_contains(user_error([&] { planned(with_ranges(three_ranges, tune)); }),
                    "rungs and reduction are of halving");
  }
}

}  // namespace
}  // namespace ebm::testing
