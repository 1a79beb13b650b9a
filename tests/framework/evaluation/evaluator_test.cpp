#include "dualebm/framework/evaluation/evaluator.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "dualebm/datasets/rejection.hpp"
#include "dualebm/models/shallow.hpp"
#include "dualebm/models/von_mises_fisher.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// E(x) = <a, x>.
class LinearEnergy final : public Energy {
 public:
  explicit LinearEnergy(const std::vector<double>& a) {
    a_ = register_buffer("a", torch::tensor(a, torch::kDouble));
  }
  torch::Tensor forward(const torch::Tensor& x) override { return x.matmul(a_); }

 private:
  torch::Tensor a_;
};

double value_of(const MetricValues& values, const std::string& name) {
  const double* value = find_metric(values, name);
  if (!value) ADD_FAILURE() << "no metric " << name;
  return value ? *value : std::numeric_limits<double>::quiet_NaN();
}

/// A von Mises-Fisher density with unit mean direction μ and concentration κ.
struct Vmf {
  std::vector<double> mean;
  double concentration;

  std::int64_t dimension() const { return static_cast<std::int64_t>(mean.size()); }
  std::shared_ptr<Energy> energy() const {
    Random unused(0, "unused");
    return std::make_shared<VonMisesFisherMixture>(
        on_sphere(dimension(), torch::kDouble, unused),
        VonMisesFisherMixture::Options{.concentration = concentration, .means = {mean}});
  }
};

double cosine_between(const Vmf& a, const Vmf& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.mean.size(); ++i) sum += a.mean[i] * b.mean[i];
  return sum;
}

/// KL(t‖s) = log C(κ_s) - log C(κ_t) + <E_t x, η_t - η_s> with E_t x = A(κ_t) μ_t and η = κ μ.
double exact_kl(const Vmf& t, const Vmf& s) {
  const auto d = t.dimension();
  return log_von_mises_fisher_normalizer(d, s.concentration) -
         log_von_mises_fisher_normalizer(d, t.concentration) +
         von_mises_fisher_mean_length(d, t.concentration) *
             (t.concentration - s.concentration * cosine_between(t, s));
}

/// E_t |P_x v|² = |v|² - vᵀ E_t[x xᵀ] v, v = η_t - η_s; E_t[x xᵀ] has the eigenvalue 1 - (d - 1) A/κ along
/// μ_t and A/κ across it.
double exact_score_error(const Vmf& t, const Vmf& s) {
  const double along = t.concentration - s.concentration * cosine_between(t, s);
  const double squared = t.concentration * t.concentration + s.concentration * s.concentration -
                         2 * t.concentration * s.concentration * cosine_between(t, s);
  const double across = von_mises_fisher_mean_length(t.dimension(), t.concentration) / t.concentration;
  const double d = static_cast<double>(t.dimension());
  return squared - along * along * (1 - (d - 1) * across) - (squared - along * along) * across;
}

const Vmf teacher3{{0.6, 0.0, 0.8}, 5}, student3{{0.0, 1.0, 0.0}, 2};
const Vmf teacher5{{0.6, 0.0, 0.8, 0.0, 0.0}, 3}, student5{{0.8, 0.0, 0.6, 0.0, 0.0}, 2};

/// The metrics of this library on these data.
Evaluator evaluator_on(std::shared_ptr<const Domain> domain, Dataset data) {
  return Evaluator(std::make_shared<Problem>(std::move(domain), std::move(data)));
}

Evaluator on_sphere3(std::shared_ptr<Energy> teacher) {
  return evaluator_on(std::make_shared<Sphere>(3),
                      {.train = torch::eye(3, torch::kDouble), .teacher = std::move(teacher)});
}

torch::Tensor samples_of(const Vmf& law, std::int64_t count) {
  Random random(8, "rejection");
  return sample_by_rejection(*law.energy(), Sphere(law.dimension()), count, random);
}

Evaluator over_test_set(const Vmf& teacher, const torch::Tensor& test) {
  return evaluator_on(std::make_shared<Sphere>(teacher.dimension()),
                      {.train = test.narrow(0, 0, 2), .test = test, .teacher = teacher.energy()});
}

TEST(ByQuadrature, AnEnergyIsAtDistanceZeroFromItself) {
  Random random(1, "parameters");
  const auto energy = std::make_shared<Shallow>(on_sphere(3, torch::kDouble, random), Shallow::Options{});
  const auto values = on_sphere3(energy).evaluate(*energy);
  EXPECT_LT(std::abs(value_of(values, "kl")), 1e-12);
  EXPECT_EQ(value_of(values, "score_error"), 0);
}

// The exchange of teacher and student gives 3.18 instead of 1.90 nats: the direction of the divergence shows.
TEST(ByQuadrature, DivergencesOfVonMisesFisherAreTheClosedForm) {
  ASSERT_GT(std::abs(exact_kl(teacher3, student3) - exact_kl(student3, teacher3)), 1);
  const auto values = on_sphere3(teacher3.energy()).evaluate(*student3.energy());
  EXPECT_NEAR(value_of(values, "kl"), exact_kl(teacher3, student3), 1e-11);
  EXPECT_NEAR(value_of(values, "score_error"), exact_score_error(teacher3, student3), 1e-10);
  EXPECT_NEAR(value_of(values, "log_z"), 0, 1e-12);
  EXPECT_LT(value_of(values, "quadrature_error"), 1e-12);
}

// A radial gradient is none on the sphere, so the score error of a density is that of its energy plus |x|².
TEST(ByQuadrature, TheScoreIsTangential) {
  class Extended final : public Energy {
   public:
    torch::Tensor forward(const torch::Tensor& x) override {
      return -2 * x.select(1, 1) + 3 * x.square().sum(1);
    }
  } extended;
  const auto values = on_sphere3(teacher3.energy()).evaluate(extended);
  EXPECT_NEAR(value_of(values, "score_error"), exact_score_error(teacher3, student3), 1e-10);
  EXPECT_NEAR(value_of(values, "kl"), exact_kl(teacher3, student3), 1e-11);
}

TEST(OverTestSet, DivergencesOfVonMisesFisherLieWithinTheirStandardErrors) {
  const auto test = samples_of(teacher5, 20000);
  const auto values = over_test_set(teacher5, test).evaluate(*student5.energy());
  const double error = value_of(values, "kl_standard_error");
  EXPECT_LT(error, 0.1 * exact_kl(teacher5, student5)) << "too coarse to be a test";
  EXPECT_NEAR(value_of(values, "kl"), exact_kl(teacher5, student5), 4 * error);
  // With v = η_t - η_s the score error averages numbers from 0 to |v|² = 1.48, and Z_s / Z_t numbers within a
  // factor exp(±|v|) of one another, so their standard errors are below 1.48/2/√n and sinh(1.22)/√n.
  EXPECT_NEAR(value_of(values, "score_error"), exact_score_error(teacher5, student5), 4 * 0.0053);
  EXPECT_NEAR(value_of(values, "log_z"), 0, 4 * 0.011);
}

// The root mean square of 60 standardised errors is 1 ± 0.09; a standard error that leaves out the noise of
// log Z, or adds it with the wrong sign, or forgets the root, is off by much more than 3.5 of those.
TEST(OverTestSet, TheStandardErrorIsHonest) {
  constexpr std::int64_t repeats = 60, size = 800;
  const auto all = samples_of(teacher5, repeats * size);
  double sum = 0;
  for (std::int64_t i = 0; i < repeats; ++i) {
    const auto values = over_test_set(teacher5, all.narrow(0, i * size, size)).evaluate(*student5.energy());
    const double z =
        (value_of(values, "kl") - exact_kl(teacher5, student5)) / value_of(values, "kl_standard_error");
    sum += z * z / repeats;
  }
  EXPECT_NEAR(std::sqrt(sum), 1, 0.32);
}

TEST(OverTestSet, AnEnergyIsAtDistanceZeroFromItself) {
  const auto values = over_test_set(teacher5, samples_of(teacher5, 100)).evaluate(*teacher5.energy());
  EXPECT_LT(std::abs(value_of(values, "kl")), 1e-12);
  EXPECT_EQ(value_of(values, "score_error"), 0);
}

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

/// N((a, a), s² I) on R² as an energy, off by a constant.
class PlaneGaussian final : public Energy {
 public:
  PlaneGaussian(double mean, double deviation) : mean_(mean), deviation_(deviation) {}
  torch::Tensor forward(const torch::Tensor& x) override {
    return (x - mean_).square().sum(1) / (2 * deviation_ * deviation_) + 3;
  }

 private:
  double mean_, deviation_;
};

// Against the closed forms: KL = log(s²/t²) + t²/s² - 1 + |Δ|²/(2 s²), log Z = log 2πs² - 3, and the Fisher
// divergence |Δ|²/s⁴ + 2 t² (1/t² - 1/s²)², for the teacher N(0, t² I) and the student N(Δ, s² I).
TEST(Evaluator, OnThePlaneMetricsAreTheClosedForms) {
  const double t = 0.8, s = 1.1, shift = 0.5;
  const Dataset dataset{.train = torch::zeros({1, 2}, torch::kDouble),
                        .teacher = std::make_shared<PlaneGaussian>(0, t)};
  PlaneGaussian student(shift, s);
  const auto values = evaluator_on(std::make_shared<Euclidean>(2), dataset).evaluate(student);
  const double square = 2 * shift * shift, ratio = (t * t) / (s * s);
  EXPECT_NEAR(value_of(values, "kl"), -std::log(ratio) + ratio - 1 + square / (2 * s * s), 1e-9);
  EXPECT_NEAR(value_of(values, "log_z"), std::log(2 * M_PI * s * s) - 3, 1e-9);
  EXPECT_NEAR(value_of(values, "score_error"),
              square / std::pow(s, 4) + 2 * t * t * std::pow(1 / (t * t) - 1 / (s * s), 2), 1e-9);
  EXPECT_LT(value_of(values, "quadrature_error"), 1e-9);
}

// A density of which a tenth lies outside the square: the fixed rule says how wrong it is, and is not told
// beyond `largest_error`; with nodes to refine the truth is found.
TEST(Evaluator, OnThePlaneMassOutsideTheSquareIsSeen) {
  const Dataset dataset{.train = torch::zeros({1, 2}, torch::kDouble)};
  const double exact = std::log(2 * M_PI * 25) - 3;
  PlaneGaussian wide(0, 5), wider(0, 50);
  const auto problem = std::make_shared<Problem>(std::make_shared<Euclidean>(2, 1.0, 10.0), dataset);
  const Evaluator fixed(problem, {.quadrature = {.most_nodes = 0}}), adaptive(problem);
  const auto rough = fixed.evaluate(wide);
  const double actual = std::abs(value_of(rough, "log_z") - exact);
  EXPECT_GT(actual, 0.05);
  EXPECT_NEAR(value_of(rough, "quadrature_error"), actual, 0.01);
  const auto refused = fixed.evaluate(wider);
  EXPECT_EQ(find_metric(refused, "log_z"), nullptr);
  EXPECT_EQ(value_of(refused, "quadrature_valid"), 0);
  EXPECT_GT(value_of(refused, "quadrature_error"), 0.1);
  EXPECT_NEAR(value_of(refused, "energy_train"), 3, 1e-12) << "what needs no log Z is told";
  for (auto* energy : {&wide, &wider}) {
    const auto values = adaptive.evaluate(*energy);
    const double found = energy == &wide ? exact : exact + 2 * std::log(10.0);
    EXPECT_NEAR(value_of(values, "log_z"), found, 1e-3);
    EXPECT_LE(value_of(values, "quadrature_error"), 1e-3);
    EXPECT_EQ(value_of(values, "quadrature_valid"), 1);
  }
}

// What the fixed square [-10, 10]² gave for these: NLL -43.5 for 6.42, -2.8e19, 8.8e20.
TEST(Evaluator, LikelihoodsAreRightWhereverTheDataLie) {
  struct Case {
    const char* what;
    double mean, deviation, spread;
  };
  Random random(9, "points");
  const auto z = random.normal({200, 2}, torch::kDouble);
  for (const auto& [what, mean, deviation, spread] : {Case{"outside", 300, 6, 6},
                                                      {"a narrow cluster", 0.013, 1e-4, 1e-4},
                                                      {"identical points", 7.3, 1e-4, 0},
                                                      {"on both sides of the edge", 9.9, 0.5, 0.5},
                                                      {"wide", -40, 80, 80}}) {
    const auto points = mean + spread * z;
    PlaneGaussian energy(mean, deviation);
    const auto values = evaluator_on(std::make_shared<Euclidean>(2), {.train = points}).evaluate(energy);
    const double exact =
        energy.forward(points).mean().item<double>() - 3 + std::log(2 * M_PI * deviation * deviation);
    EXPECT_NEAR(value_of(values, "nll_train"), exact, 1e-3) << what;
    EXPECT_LE(value_of(values, "quadrature_error"), 1e-3) << what;
  }
}

// Half of the mass in a mode a hundred times narrower than the spacing of the fixed rule, where both it and
// the rougher one see nothing and agree: the data there are looked at.
TEST(Evaluator, AModeBetweenTheNodesIsSeenByItsData) {
  class TwoModes final : public Energy {
   public:
    torch::Tensor forward(const torch::Tensor& x) override {
      const auto narrow = -(x - 2.03).square().sum(1) / 2e-6 + 2 * std::log(1e3);
      return -torch::logaddexp(-x.square().sum(1) / 2, narrow);
    }
  } energy;
  Random random(9, "points");
  const auto points = torch::cat(
      {random.normal({50, 2}, torch::kDouble), 2.03 + 1e-3 * random.normal({50, 2}, torch::kDouble)});
  const auto problem = std::make_shared<Problem>(std::make_shared<Euclidean>(2), Dataset{.train = points});
  EXPECT_NEAR(value_of(Evaluator(problem).evaluate(energy), "log_z"), std::log(4 * M_PI), 1e-3);
  EXPECT_NEAR(value_of(Evaluator(problem, {.quadrature = {.most_nodes = 0}}).evaluate(energy), "log_z"),
              std::log(2 * M_PI), 1e-6)
      << "the fixed rule alone is wrong by log 2 and does not know";
}

// The same energy in one to three dimensions, on the circle and on S³: closed forms.
TEST(Evaluator, LogZIsKnownWhereverThereAreCells) {
  for (const std::int64_t d : {1, 2, 3}) {
    PlaneGaussian energy(4, 0.7);
    const Dataset data{.train = 4 + torch::randn({50, d}, torch::kDouble)};
    const auto values = evaluator_on(std::make_shared<Euclidean>(d), data).evaluate(energy);
    EXPECT_NEAR(value_of(values, "log_z"), static_cast<double>(d) * std::log(0.7 * std::sqrt(2 * M_PI)) - 3,
                1e-3)
        << d;
  }
  for (const std::int64_t d : {2, 4}) {
    std::vector<double> mean(static_cast<std::size_t>(d), 1 / std::sqrt(static_cast<double>(d)));
    LinearEnergy energy([&] {
      auto a = mean;
      for (auto& part : a) part *= -12;
      return a;
    }());
    const auto values =
        evaluator_on(std::make_shared<Sphere>(d), {.train = torch::eye(d, torch::kDouble)}).evaluate(energy);
    EXPECT_NEAR(value_of(values, "log_z"), log_von_mises_fisher_normalizer(d, 12), 1e-3) << d;
  }
}

// A density without an integral is refused in words, at any number of nodes.
TEST(Evaluator, WhatHasNoIntegralHasNoLikelihood) {
  LinearEnergy slope({1, 0});
  const auto problem = std::make_shared<Problem>(std::make_shared<Euclidean>(2),
                                                 Dataset{.train = torch::randn({20, 2}, torch::kDouble)});
  const Evaluator evaluator(problem);
  const auto values = evaluator.evaluate(slope);
  EXPECT_EQ(find_metric(values, "nll_train"), nullptr);
  EXPECT_EQ(value_of(values, "quadrature_valid"), 0);
  EXPECT_TRUE(is_left_out(values));
  expect_contains(evaluator.quadrature_verdict(slope), "more do not help");
}

// Without log Z the mean energies stand in, of every part there is.
TEST(Evaluator, MeanEnergiesWhereLogZIsOutOfReach) {
  const auto points = torch::ones({2, 4}, torch::kDouble);
  const Dataset dataset{.train = points, .validation = 2 * points};
  LinearEnergy energy({1, 2, 3, 4});
  const auto values = evaluator_on(std::make_shared<Euclidean>(4), dataset).evaluate(energy);
  ASSERT_EQ(values.size(), 2u);
  EXPECT_DOUBLE_EQ(value_of(values, "energy_train"), 10);
  EXPECT_DOUBLE_EQ(value_of(values, "energy_validation"), 20);
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
