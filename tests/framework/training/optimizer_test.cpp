#include "dualebm/framework/training/optimizers/optimizers.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "dualebm/framework/training/optimizers/wasserstein_fisher_rao.hpp"
#include "dualebm/models/gaussian.hpp"
#include "dualebm/models/lazy_shallow.hpp"
#include "dualebm/models/shallow.hpp"
#include "dualebm/models/teacher.hpp"
#include "tests/support/catalogue.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

torch::Tensor row_of(const std::vector<double>& values) { return torch::tensor(values, torch::kDouble); }

/// Two neurons of the plane, z = e_1, e_2 and w = 2, 1/2, with gradients as if some loss had left them.
Neurons two_neurons() {
  Neurons neurons{torch::eye(2, torch::kDouble), row_of({2, 0.5}), row_of({-1, 1})};
  neurons.positions.requires_grad_(true).mutable_grad() =
      row_of({0.3, 0.4, -0.2, 0.1}).reshape({2, 2}).clone();
  neurons.weights.requires_grad_(true).mutable_grad() = row_of({0.05, -0.1});
  return neurons;
}

// By hand, m = 2: the masses are 1 and 1/4, so the velocities are (0.3, 0.4) and (-0.8, 0.4), their
// tangential parts (0, 0.4) and (-0.8, 0). Both are taken at the old weights.
TEST(Flow, OneStepByHand) {
  auto neurons = two_neurons();
  WassersteinFisherRao flow(neurons, {.neuron_step = 0.5, .weight_step = 0.25});
  flow.step();
  const double n1 = std::hypot(1, 0.2), n2 = std::hypot(1, 0.4);
  EXPECT_LT(distance(neurons.positions, row_of({1 / n1, -0.2 / n1, 0.4 / n2, 1 / n2}).reshape({2, 2})),
            1e-15);
  EXPECT_LT(distance(neurons.weights, row_of({2 * std::exp(-0.25 * 0.1), 0.5 * std::exp(0.25 * 0.2)})),
            1e-15);
}

TEST(Flow, LazyCoefficientsMoveAdditively) {
  Neurons neurons{torch::eye(2, torch::kDouble), row_of({-2, 0.5}), {}};
  neurons.weights.requires_grad_(true).mutable_grad() = row_of({0.05, -0.1});
  WassersteinFisherRao flow(neurons, {.neuron_step = 0.5, .weight_step = 0.25});
  flow.step();
  EXPECT_LT(distance(neurons.weights, row_of({-2 - 0.25 * 2 * 0.05, 0.5 + 0.25 * 2 * 0.1})), 1e-15);
  EXPECT_TRUE(torch::equal(neurons.positions, torch::eye(2, torch::kDouble)));
}

TEST(Flow, FrozenPositionsDoNotMove) {
  auto neurons = two_neurons();
  neurons.positions.requires_grad_(false);
  WassersteinFisherRao flow(neurons, {});
  flow.step();
  EXPECT_TRUE(torch::equal(neurons.positions, torch::eye(2, torch::kDouble)));
  EXPECT_NE(neurons.weights[0].item<double>(), 2);
}

TEST(Flow, WithoutGradientsNothingMoves) {
  auto neurons = two_neurons();
  neurons.positions.mutable_grad() = torch::Tensor();
  neurons.weights.mutable_grad() = torch::Tensor();
  WassersteinFisherRao flow(neurons, {});
  flow.step();
  EXPECT_TRUE(torch::equal(neurons.positions, torch::eye(2, torch::kDouble)));
  EXPECT_TRUE(torch::equal(neurons.weights, row_of({2, 0.5})));
}

// A schedule sets the rates of the groups; a step size remembered elsewhere would go on moving.
TEST(Flow, RatesAreThoseOfTheGroups) {
  auto neurons = two_neurons();
  WassersteinFisherRao flow(neurons, {.neuron_step = 0.5, .weight_step = 0.25});
  EXPECT_EQ(flow.param_groups().at(0).options().get_lr(), 0.5);
  EXPECT_EQ(flow.param_groups().at(1).options().get_lr(), 0.25);
  flow.param_groups()[0].options().set_lr(0);
  flow.param_groups()[1].options().set_lr(0.125);
  flow.step();
  EXPECT_LT(distance(neurons.positions, torch::eye(2, torch::kDouble)), 1e-15);
  EXPECT_LT(distance(neurons.weights, row_of({2 * std::exp(-0.0125), 0.5 * std::exp(0.025)})), 1e-15);
}

TEST(Flow, AClosureIsEvaluatedFirst) {
  auto neurons = two_neurons();
  neurons.weights.mutable_grad() = torch::Tensor();
  WassersteinFisherRao flow(neurons, {.neuron_step = 0, .weight_step = 1});
  const torch::NoGradGuard no_grad;
  const auto loss = flow.step([&] {
    flow.zero_grad();
    auto value = (neurons.weights * row_of({0.25, 0})).sum();
    value.backward();
    return value;
  });
  EXPECT_NEAR(loss.item<double>(), 0.5, 1e-15);
  EXPECT_LT(distance(neurons.weights, row_of({2 * std::exp(-0.5), 0.5})), 1e-15);
}

TEST(Flow, WeightsStayPositive) {
  auto neurons = two_neurons();
  neurons.weights.mutable_grad() = row_of({1e5, 300});
  WassersteinFisherRao flow(neurons, {.neuron_step = 0, .weight_step = 1});
  for (int i = 0; i < 3; ++i) flow.step();
  EXPECT_GT(neurons.weights.min().item<double>(), 0);
}

// The gradient of a position carries the mass as a factor: at the smallest normal weight it is subnormal, has
// lost its digits, and divided by the mass it may be anything. ln(1/1.2e-38) = 87.3 takes 437 steps of 0.2.
TEST(Flow, ADeadNeuronStaysFiniteAndGrowsBack) {
  const float least = std::numeric_limits<float>::min();
  Neurons neurons{torch::eye(2), torch::tensor({least, 1.0F}), -torch::ones({2})};
  neurons.positions.requires_grad_(true);
  neurons.weights.requires_grad_(true);
  WassersteinFisherRao flow(neurons, {.neuron_step = 0.1, .weight_step = 0.1});
  const auto velocity = torch::tensor({{0.3F, 0.4F}, {0.0F, 0.0F}});
  for (int t = 0; t < 437; ++t) {
    const torch::NoGradGuard no_grad;
    neurons.positions.mutable_grad() = velocity * (neurons.weights / 2).unsqueeze(1);
    neurons.weights.mutable_grad() = torch::tensor({-1.0F, 0.0F});
    flow.step();
    ASSERT_TRUE(neurons.positions.isfinite().all().item<bool>()) << t;
    ASSERT_LT((neurons.positions.norm(2, 1) - 1).abs().max().item<double>(), 1e-6) << t;
    ASSERT_TRUE(t > 0 || torch::equal(neurons.positions, torch::eye(2))) << "too light to be moved";
  }
  EXPECT_GT(neurons.weights[0].item<double>(), 0.5);
  EXPECT_LT(neurons.weights[0].item<double>(), 2);
  EXPECT_LT(neurons.positions[0][1].item<double>(), -0.5) << "a heavy neuron follows its velocity";
}

TEST(Flow, NegativeStepsAreErrors) {
  expect_contains(user_error([] { WassersteinFisherRao(two_neurons(), {.neuron_step = -1}); }),
                  "neuron_step");
  expect_contains(user_error([] { WassersteinFisherRao(two_neurons(), {.weight_step = -1}); }),
                  "weight_step");
}

std::shared_ptr<torch::optim::Optimizer> made(const Json& section, Energy& energy) {
  return catalogue().optimizers.read(section, "optimizer").make({energy});
}

// A mean of 1, -2 with gradient 3, -4; Adam's first step is the learning rate in the direction of the sign.
TEST(Optimizers, SgdAndAdamDescend) {
  for (const char* name : {"sgd", "adam", "adamw"}) {
    Gaussian energy(on_euclidean(2, torch::kDouble), {.mean = {1, -2}});
    auto mean = energy.named_parameters()["mean"];
    const auto optimizer = made({{"name", name}, {"learning_rate", 0.1}, {"weight_decay", 0}}, energy);
    mean.mutable_grad() = row_of({3, -4});
    optimizer->step();
    const auto expected = std::string(name) == "sgd" ? row_of({0.7, -1.6}) : row_of({0.9, -1.9});
    EXPECT_LT(distance(mean, expected), 1e-8) << name;
  }
}

// At a gradient of zero the ridge penalty of Adam is a gradient, of which the first step sees the sign alone;
// that of AdamW is a factor 1 - learning_rate λ.
TEST(Optimizers, WeightDecayOfAdamWIsDecoupled) {
  for (const char* name : {"adam", "adamw"}) {
    Gaussian energy(on_euclidean(2, torch::kDouble), {.mean = {1, -2}});
    auto mean = energy.named_parameters()["mean"];
    const auto optimizer = made({{"name", name}, {"learning_rate", 0.1}, {"weight_decay", 0.5}}, energy);
    mean.mutable_grad() = row_of({0, 0});
    optimizer->step();
    const auto expected = std::string(name) == "adam" ? row_of({0.9, -1.9}) : row_of({0.95, -1.9});
    EXPECT_LT(distance(mean, expected), 1e-7) << name;
  }
}

TEST(Optimizers, TheFlowTakesItsStepsFromTheOptions) {
  Random random(1, "parameters");
  Shallow energy(on_sphere(3, torch::kDouble, random), {});
  const auto flow =
      made({{"name", "wasserstein_fisher_rao"}, {"neuron_step", 0.3}, {"weight_step", 0}}, energy);
  EXPECT_EQ(flow->param_groups().at(0).options().get_lr(), 0.3);
  EXPECT_EQ(flow->param_groups().at(1).options().get_lr(), 0);
}

TEST(Optimizers, LazyNeuronsAreFrozen) {
  Random random(1, "parameters");
  LazyShallow energy(on_sphere(3, torch::kDouble, random), {.neurons = 4});
  const auto positions = energy.neurons().positions.clone();
  const auto flow = made({{"name", "wasserstein_fisher_rao"}, {"weight_step", 0.5}}, energy);
  energy.neurons().weights.mutable_grad() = row_of({1, -1, 0, 2});
  flow->step();
  EXPECT_TRUE(torch::equal(energy.neurons().positions, positions));
  EXPECT_LT(distance(energy.neurons().weights, row_of({-2, 2, 0, -4})), 1e-15);
}

TEST(Optimizers, TheFlowNeedsNeurons) {
  Gaussian energy(on_euclidean(2, torch::kDouble), {});
  expect_contains(user_error([&] { made({{"name", "wasserstein_fisher_rao"}}, energy); }), "neurons");
}

TEST(Optimizers, AnEnergyWithoutParametersCannotBeTrained) {
  Teacher energy(on_sphere(3, torch::kDouble), {});
  for (const char* name : {"wasserstein_fisher_rao", "adam", "adamw", "sgd"}) {
    expect_contains(user_error([&] { made({{"name", name}}, energy); }), "no parameters to train");
  }
}

}  // namespace
}  // namespace ebm::testing
