#include <ATen/ATen.h>

#include <cmath>

#include "tests/framework/evaluation/evaluators.hpp"

namespace ebm::testing {
namespace {

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
TEST(LogZByQuadrature, OnThePlaneMetricsAreTheClosedForms) {
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
TEST(LogZByQuadrature, OnThePlaneMassOutsideTheSquareIsSeen) {
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
TEST(LogZByQuadrature, LikelihoodsAreRightWhereverTheDataLie) {
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
TEST(LogZByQuadrature, AModeBetweenTheNodesIsSeenByItsData) {
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
TEST(LogZByQuadrature, LogZIsKnownWhereverThereAreCells) {
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
TEST(LogZByQuadrature, WhatHasNoIntegralHasNoLikelihood) {
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
TEST(LogZByQuadrature, MeanEnergiesWhereLogZIsOutOfReach) {
  const auto points = torch::ones({2, 4}, torch::kDouble);
  const Dataset dataset{.train = points, .validation = 2 * points};
  LinearEnergy energy({1, 2, 3, 4});
  const auto values = evaluator_on(std::make_shared<Euclidean>(4), dataset).evaluate(energy);
  ASSERT_EQ(values.size(), 2u);
  EXPECT_DOUBLE_EQ(value_of(values, "energy_train"), 10);
  EXPECT_DOUBLE_EQ(value_of(values, "energy_validation"), 20);
}

}  // namespace
}  // namespace ebm::testing
