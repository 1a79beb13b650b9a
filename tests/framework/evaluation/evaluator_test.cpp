#include "dualebm/framework/evaluation/evaluator.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "dualebm/models/shallow.hpp"
#include "dualebm/models/von_mises_fisher.hpp"
#include "tests/framework/evaluation/evaluators.hpp"

namespace ebm::testing {
namespace {

TEST(Likelihood, OfTheUniformModelIsTheLogarithmOfTheArea) {
  LinearEnergy uniform({0, 0, 0});
  const auto evaluator = evaluator_on(std::make_shared<Sphere>(3), {.train = torch::eye(3, torch::kDouble)});
  const auto values = evaluator.evaluate(uniform);
  EXPECT_NEAR(value_of(values, "nll_train"), 2.5310242469692907, 1e-12);  // log 4π
  EXPECT_NEAR(value_of(values, "log_z"), 0, 1e-13);
}

// A validation set that is the test set in disguise, or the training set, would repeat a number here.
TEST(Likelihood, EachSetIsReportedFromItsOwnPoints) {
  LinearEnergy energy({1, 2, 4});
  const auto axes = torch::eye(3, torch::kDouble);
  const auto evaluator = evaluator_on(
      std::make_shared<Sphere>(3),
      {.train = axes.narrow(0, 0, 1), .validation = axes.narrow(0, 1, 1), .test = axes.narrow(0, 2, 1)});
  const auto values = evaluator.evaluate(energy);
  const double rest = value_of(values, "log_z") + std::log(4 * std::numbers::pi);
  EXPECT_NEAR(value_of(values, "nll_train"), 1 + rest, 1e-12);
  EXPECT_NEAR(value_of(values, "nll_validation"), 2 + rest, 1e-12);
  EXPECT_NEAR(value_of(values, "nll_test"), 4 + rest, 1e-12);
}

TEST(Evaluator, ANumberThatIsNotFiniteIsAnErrorNamingTheMetric) {
  LinearEnergy broken({std::numeric_limits<double>::quiet_NaN(), 0, 0});
  try {
    on_sphere3(teacher3.energy()).evaluate(broken);
    FAIL() << "a NaN passed for a metric";
  } catch (const NonFiniteError& error) {
    expect_contains(error.what(), "metric kl is nan");
  }
}

TEST(Evaluator, ReportsInTheOrderOfTheListOfMetrics) {
  Random random(1, "parameters");
  Shallow energy(on_sphere(3, torch::kDouble, random), {});
  std::vector<std::string> reported, listed;
  const auto evaluator = on_sphere3(teacher3.energy());
  for (const auto& [name, value] : evaluator.evaluate(energy)) reported.push_back(name);
  for (const auto& entry : evaluator.descriptions()) {
    if (std::find(reported.begin(), reported.end(), entry.name) != reported.end())
      listed.push_back(entry.name);
  }
  EXPECT_EQ(reported, listed);
}

TEST(Evaluator, EvaluationLeavesTheEnergyAsItIs) {
  Random random(1, "parameters");
  Shallow energy(on_sphere(3, torch::kDouble, random), {});
  const auto before = energy.neurons().positions.clone();
  on_sphere3(teacher3.energy()).evaluate(energy);
  EXPECT_TRUE(torch::equal(energy.neurons().positions, before));
  EXPECT_FALSE(energy.neurons().positions.grad().defined());
}

// Slices of 4096 points: the ends of slices and the remainder must not be lost or doubled.
TEST(EnergyAt, SlicesAreInvisible) {
  LinearEnergy energy({1, 2, 4});
  const auto x = Random(1, "points").normal({2 * 4096 + 5, 3}, torch::kDouble);
  EXPECT_LT(distance(energy_at(energy, x), energy.forward(x)), 1e-13);
}

TEST(Metric, UnknownNamesGetTheNearestKnownOne) {
  const auto evaluator = on_sphere3(nullptr);
  expect_contains(user_error([&] { evaluator.description("score_eror"); }), "did you mean \"score_error\"?");
}

// One point has no spread; its NaN must not be taken for a run that diverged.
TEST(Evaluator, AOnePointTestSetHasNoStandardError) {
  Random random(3, "one point");
  auto teacher = std::make_shared<VonMisesFisherMixture>(on_sphere(5, torch::kDouble, random),
                                                         VonMisesFisherMixture::Options{});
  const auto domain = std::make_shared<Sphere>(5);
  const auto points = domain->sample_base(4, random, torch::kDouble);
  const auto evaluator =
      evaluator_on(domain, {.train = points, .test = points.narrow(0, 0, 1), .teacher = teacher});
  const auto values = evaluator.evaluate(*teacher);
  EXPECT_EQ(find_metric(values, "kl_standard_error"), nullptr);
  EXPECT_NEAR(*find_metric(values, "kl"), 0, 1e-12);
}

/// What a user's own metric may be: of the points and the energy, and it says when it does not apply.
class MeanEnergyOfTest final : public Metric {
 public:
  explicit MeanEnergyOfTest(std::string name) : name_(std::move(name)) {}
  MetricDescription description() const override {
    return {name_, "own", "nats", "lower", false, "one's own"};
  }
  std::optional<double> value(const Evaluation& at) const override {
    const auto estimate = at.mean_energy(at.problem().data().test);
    return estimate ? std::optional(estimate->value) : std::nullopt;
  }

 private:
  std::string name_;
};

TEST(Evaluator, AMetricOfAUsersOwnStandsBesideTheOthers) {
  LinearEnergy energy({1, 2, 4});
  const auto axes = torch::eye(3, torch::kDouble);
  auto metrics = standard_metrics();
  metrics.insert(metrics.begin() + 1, std::make_shared<MeanEnergyOfTest>("own"));
  const auto domain = std::make_shared<Sphere>(3);
  const auto with = std::make_shared<Problem>(domain, Dataset{.train = axes, .test = axes.narrow(0, 1, 2)});
  const Evaluator evaluator(with, {}, metrics);
  EXPECT_DOUBLE_EQ(value_of(evaluator.evaluate(energy), "own"), 3);
  EXPECT_EQ(evaluator.descriptions().at(1).name, "own");
  EXPECT_EQ(evaluator.description("own").unit, "nats");
  EXPECT_EQ(evaluator.evaluate(energy).front().first, "own") << "there is no teacher for kl";
  const auto without = std::make_shared<Problem>(domain, Dataset{.train = axes});
  EXPECT_EQ(find_metric(Evaluator(without, {}, metrics).evaluate(energy), "own"), nullptr)
      << "does not apply";
}

TEST(Evaluator, TwoMetricsOfOneNameAreAnError) {
  const auto problem =
      std::make_shared<Problem>(std::make_shared<Sphere>(3), Dataset{.train = torch::eye(3, torch::kDouble)});
  auto metrics = standard_metrics();
  metrics.push_back(std::make_shared<MeanEnergyOfTest>("log_z"));
  expect_contains(user_error([&] { Evaluator(problem, {}, metrics); }), "two named \"log_z\"");
}

TEST(Evaluator, AResolutionOutOfItsRangeIsAnError) {
  const auto problem =
      std::make_shared<Problem>(std::make_shared<Sphere>(3), Dataset{.train = torch::eye(3, torch::kDouble)});
  expect_contains(user_error([&] { Evaluator(problem, {.quadrature = {.resolution = 3}}); }),
                  "metrics.resolution: expected an integer in [4, 4000], found 3");
}

}  // namespace
}  // namespace ebm::testing
