#include "dualebm/trainers/corrective_weights.hpp"

#include <cmath>

#include "dualebm/framework/compute/random.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// Two nodes of mass one half, and a feature that is 0 and 1 there.
CorrectiveProblem coin(double mean, double radius) {
  return {.on_data = torch::tensor({mean}, torch::kDouble),
          .on_nodes = torch::tensor({{0.}, {1.}}, torch::kDouble),
          .weights = torch::tensor({0.5, 0.5}, torch::kDouble),
          .radius = radius};
}

// f(w) = b w + log ½(1 + e^-w): its minimum is w = log((1 - b)/b) where that is admissible,
// else the end nearer to it.
TEST(CorrectiveWeights, ACoinHasItsOdds) {
  const auto zero = torch::zeros({1}, torch::kDouble);
  for (const double b : {0.02, 0.3, 0.49}) {
    const double odds = std::log((1 - b) / b);
    const auto inside = minimise(coin(b, 10), zero, 1e-12), cut = minimise(coin(b, odds / 2), zero, 1e-12);
    EXPECT_NEAR(inside.weights.item<double>(), odds, 1e-5) << b;
    EXPECT_NEAR(inside.value, b * odds + std::log((1 + std::exp(-odds)) / 2), 1e-12);
    EXPECT_LE(inside.gap, 1e-12);
    EXPECT_NEAR(cut.weights.item<double>(), odds / 2, 1e-12) << b;
  }
  EXPECT_EQ(minimise(coin(0.6, 10), torch::full({1}, 3., torch::kDouble), 1e-12).weights.item<double>(), 0);
}

TEST(CorrectiveWeights, OfNoFeatureIsTheBaseMeasure) {
  auto none = coin(0.3, 10);
  none.on_data = torch::zeros({0}, torch::kDouble);
  none.on_nodes = torch::zeros({2, 0}, torch::kDouble);
  const auto optimum = minimise(none, torch::zeros({0}, torch::kDouble), 1e-12);
  EXPECT_EQ(optimum.weights.numel(), 0);
  EXPECT_NEAR(optimum.value, 0, 1e-15) << "log of the mass of the nodes";
}

// Random problems, with features that repeat one another: the end is admissible, its gap is what was
// asked for, and no admissible w that is tried is lower by more; with a wrong gradient, Hessian or
// projection one would be.
TEST(CorrectiveWeights, NothingAdmissibleIsLowerByMoreThanTheGap) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed, "corrective");
    constexpr std::int64_t count = 12, nodes = 60;
    auto features = random.normal({nodes, count}, torch::kDouble).clamp_min(0);
    features.select(1, 5).copy_(features.select(1, 4));
    const auto at = random.integers(nodes, 30);
    const CorrectiveProblem problem{
        .on_data = features.index_select(0, at).mean(0) * (seed % 2 == 0 ? 0.7 : 1.0),
        .on_nodes = features,
        .weights = torch::full({nodes}, 1.0 / nodes, torch::kDouble),
        .radius = seed % 3 == 0 ? 0.5 : 4.0};
    const auto start = random.uniform({count}, torch::kDouble) * (problem.radius / count);
    const auto optimum = minimise(problem, start, 1e-9);
    const auto& w = optimum.weights;
    EXPECT_LE(optimum.gap, 1e-9) << seed;
    EXPECT_GE(w.min().item<double>(), 0);
    EXPECT_LE(w.sum().item<double>(), problem.radius * (1 + 1e-12));
    const auto value = [&](const torch::Tensor& v) {
      return problem.value(features.mv(v), problem.on_data.dot(v).item<double>());
    };
    EXPECT_NEAR(value(w), optimum.value, 1e-14);
    for (int trial = 0; trial < 200; ++trial) {
      auto shares = random.uniform({count + 1}, torch::kDouble).pow(-0.5) - 1;
      const auto v = problem.radius * (shares / shares.sum()).narrow(0, 0, count);
      for (const double part : {1.0, 0.1, 0.001})
        EXPECT_GE(value(w + part * (v - w)), optimum.value - 1e-9) << seed;
    }
  }
}

}  // namespace
}  // namespace ebm::testing
