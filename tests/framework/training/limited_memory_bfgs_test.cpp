#include "dualebm/framework/training/optimizers/limited_memory_bfgs.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// ∇ of ½ xᵀ diag(c) x - bᵀ x; a hundred coordinates with curvatures from 1 to 1e4, whose minimum is b / c.
struct Valley {
  torch::Tensor curvature = torch::logspace(0, 4, 100, 10.0, torch::kDouble);
  torch::Tensor slope = torch::linspace(-1, 1, 100, torch::kDouble) * curvature.sqrt();
  torch::Tensor x = torch::zeros({100}, torch::kDouble).requires_grad_(true);
  void look() { x.mutable_grad() = x.detach() * curvature - slope; }
};

// With κ = 1e4 steepest descent at its best step takes (1 - 2/κ)^k = 1e-12, some 1e5 gradients; conjugate
// gradients, which minimise exactly along each line, at most ½ √κ log(2e12) = 1400. Twice that is allowed
// to a search that does not.
TEST(LimitedMemoryBfgs, FindsTheMinimumOfAnIllConditionedValley) {
  for (const double weight_decay : {0.0, 3.0}) {
    Valley valley;
    LimitedMemoryBfgs optimizer({valley.x}, {.memory = 20, .weight_decay = weight_decay});
    int gradients = 0;
    for (; gradients < 10000 && !(optimizer.gradient_norm() < 1e-8); ++gradients) {
      valley.look();
      optimizer.step();
    }
    EXPECT_LT(gradients, 2800) << weight_decay;
    const auto minimum = valley.slope / (valley.curvature + weight_decay);
    EXPECT_LT(distance(valley.x.detach(), minimum), 1e-7) << weight_decay;
  }
}

// Each strength is left where its gradient has fallen to the tolerance, with pairs that are right for the
// next: on the way to a flat valley through steep ones there is no step of a length that fits another, so
// that gradients at most double.
TEST(LimitedMemoryBfgs, GoesAlongAPathOfPenalties) {
  Valley valley, alone;
  LimitedMemoryBfgs optimizer({valley.x}, {.memory = 20,
                                           .weight_decay = 1,
                                           .weight_decay_path = {1000, 100, 10},
                                           .tolerance = 1e-4,
                                           .steps_each = 2000});
  std::vector<double> strengths;
  const auto norm_at = [&](const torch::Tensor& x, double strength) {
    return (x * (valley.curvature + strength) - valley.slope).norm().item<double>();
  };
  double norm_at_start = norm_at(valley.x.detach(), 1000);
  int gradients = 0;
  for (; gradients < 10000 && !(optimizer.strength() == 1 && optimizer.gradient_norm() < 1e-8); ++gradients) {
    const double before = optimizer.strength();
    const auto at = valley.x.detach().clone();
    valley.look();
    optimizer.step();
    if (optimizer.strength() == before) continue;
    strengths.push_back(before);
    const auto optimum = valley.slope / (valley.curvature + before);
    EXPECT_LE(norm_at(at, before), 1e-4 * norm_at_start) << before;
    norm_at_start = norm_at(at, optimizer.strength());
    EXPECT_LT(distance(at, optimum), 1e-2) << before;
  }
  EXPECT_EQ(strengths, (std::vector<double>{1000, 100, 10}));
  EXPECT_LT(distance(valley.x.detach(), valley.slope / (valley.curvature + 1)), 1e-7);
  LimitedMemoryBfgs direct({alone.x}, {.memory = 20, .weight_decay = 1});
  int without = 0;
  for (; without < 10000 && !(direct.gradient_norm() < 1e-8); ++without) {
    alone.look();
    direct.step();
  }
  EXPECT_LT(gradients, 2 * without);
}

TEST(LimitedMemoryBfgs, APathLeadsDownwards) {
  auto x = torch::zeros({1}, torch::kDouble).requires_grad_(true);
  expect_contains(
      user_error([&] { LimitedMemoryBfgs({x}, {.weight_decay = 0.1, .weight_decay_path = {0.05}}); }),
      "weight_decay_path: penalties have to fall, down to weight_decay 0.1");
}

// A convex function that is steep far out and flat near its minimum: trial steps must grow and shrink. log
// cosh has the slope tanh.
TEST(LimitedMemoryBfgs, DoublesItsStepsAndBracketsTheMinimum) {
  auto x = torch::full({1}, 40.0, torch::kDouble).requires_grad_(true);
  LimitedMemoryBfgs optimizer({x}, {});
  for (int i = 0; i < 60; ++i) {
    x.mutable_grad() = x.detach().tanh();
    optimizer.step();
  }
  EXPECT_LT(x.abs().item<double>(), 1e-6);
}

// Slopes of a log-likelihood tend to constants. Here they are -1 to the left and 0.8 to the right, which is
// flatter, though f is 800 times as high at the first trial as at the start.
TEST(LimitedMemoryBfgs, GoesBackFromWhereTheSlopeIsOnlyALittleFlatter) {
  auto x = torch::full({1}, -1.0, torch::kDouble).requires_grad_(true);
  LimitedMemoryBfgs optimizer({x}, {});
  optimizer.param_groups()[0].options().set_lr(1000);
  for (int i = 0; i < 20; ++i) {
    x.mutable_grad() = -0.1 + 0.9 * x.detach().tanh();
    optimizer.step();
  }
  EXPECT_NEAR(x.item<double>(), std::atanh(1 / 9.), 1e-6);
}

// Changes of the gradient from one objective to another are no curvature: here the gradient falls off by a
// thousandth of what λ alone adds along the step.
TEST(LimitedMemoryBfgs, LeavesOutPairsOfAnObjectiveThatHasChanged) {
  auto x = torch::zeros({1}, torch::kDouble).requires_grad_(true);
  LimitedMemoryBfgs optimizer({x}, {.weight_decay = 1});
  const auto step_with = [&](double gradient_of_all) {
    x.mutable_grad() = torch::full({1}, gradient_of_all, torch::kDouble) - x.detach();
    optimizer.step();
    return x.item<double>();
  };
  const double first = step_with(-1), second = step_with(-1 + 1e-3 * first);
  EXPECT_LE(second - first, 1) << "a step of a thousand, by the curvature of such a pair";
}
}  // namespace
}  // namespace ebm::testing
