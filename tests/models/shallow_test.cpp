#include "dualebm/models/shallow.hpp"

#include <cmath>

#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

std::shared_ptr<Shallow> shallow_with(const std::vector<double>& weights, double cap) {
  Random random(9, "shallow_test");
  Shallow::Options options{.neurons = static_cast<std::int64_t>(weights.size()), .total_variation_cap = cap};
  auto energy = std::make_shared<Shallow>(on_sphere(3, torch::kDouble, random), options);
  const torch::NoGradGuard no_grad;
  energy->named_parameters()["weights"].copy_(torch::tensor(weights, torch::kDouble));
  return energy;
}

TEST(Shallow, IsTheFormulaOfThePaper) {
  const auto energy = shallow_with({2, 3}, 10);
  const torch::NoGradGuard no_grad;
  energy->named_parameters()["neurons"].copy_(torch::tensor({{1., 0., 0.}, {0., 1., 0.}}, torch::kDouble));
  const auto x = torch::tensor({{0.6, 0.8, 0.}, {0.6, -0.8, 0.}}, torch::kDouble);
  EXPECT_LT(
      distance(energy->forward(x), torch::tensor({-(2 * 0.6 + 3 * 0.8) / 2, -2 * 0.6 / 2}, torch::kDouble)),
      1e-15);
}

// The bias is the last coordinate of a neuron, times one.
TEST(Shallow, BiasIsOneMoreCoordinate) {
  Random random(9, "shallow_test");
  Shallow::Options options{.neurons = 1};
  options.bias = true;
  Shallow energy(on_sphere(2, torch::kDouble, random), options);
  const torch::NoGradGuard no_grad;
  energy.named_parameters()["neurons"].copy_(torch::tensor({{0.6, 0., 0.8}}, torch::kDouble));
  const auto x = torch::tensor({{1., 0.}, {-1., 0.}, {0., 1.}}, torch::kDouble);
  EXPECT_LT(distance(energy.forward(x), torch::tensor({-1.4, -0.2, -0.8}, torch::kDouble)), 1e-15);
}

TEST(Shallow, SignRules) {
  const auto signs = [](const std::string& rule) {
    Random random(9, "shallow_test");
    return Shallow(on_sphere(3, torch::kDouble, random), {.neurons = 4, .signs = rule})
        .neurons()
        .signs.sum()
        .item<double>();
  };
  EXPECT_EQ(signs("negative"), -4);
  EXPECT_EQ(signs("positive"), 4);
  EXPECT_EQ(signs("balanced"), 0);
}

TEST(Shallow, StartsWithUnitNeurons) {
  const auto z = shallow_with({1, 1, 1, 1}, 10)->neurons().positions;
  EXPECT_LT(distance(z.norm(2, 1), torch::ones({4}, torch::kDouble)), 1e-15);
}

TEST(Shallow, FrozenParametersGetNoGradient) {
  const auto energy = shallow_with({1, 2}, 10);
  auto parameters = energy->named_parameters();
  parameters["weights"].set_requires_grad(false);
  energy->accumulate_gradient(torch::ones({2, 3}, torch::kDouble), torch::ones({2}, torch::kDouble));
  EXPECT_FALSE(parameters["weights"].grad().defined());
  EXPECT_TRUE(parameters["neurons"].grad().defined());
}

TEST(Shallow, ProjectionScalesWeightsToTheCap) {
  const auto energy = shallow_with({10, 20, 30}, 5);
  energy->project_parameters();
  EXPECT_DOUBLE_EQ(energy->norm(), 5);
  EXPECT_LT(distance(energy->neurons().weights, torch::tensor({2.5, 5., 7.5}, torch::kDouble)), 1e-14);
}

TEST(Shallow, ProjectionLeavesWeightsBelowTheCapAlone) {
  const auto energy = shallow_with({0.1, 0.2, 0.7}, 5);
  energy->project_parameters();
  EXPECT_TRUE(torch::equal(energy->neurons().weights, torch::tensor({0.1, 0.2, 0.7}, torch::kDouble)));
}

// Cut before the cap is taken: a negative weight must not make room for positive ones.
TEST(Shallow, ProjectionCutsNegativeWeights) {
  const auto energy = shallow_with({-100, 20}, 5);
  energy->project_parameters();
  EXPECT_LT(distance(energy->neurons().weights, torch::tensor({0., 10.}, torch::kDouble)), 1e-14);
}

TEST(Shallow, ProjectionTakesNeuronsBackToTheSphere) {
  const auto energy = shallow_with({1, 1}, 5);
  const auto start = energy->neurons().positions.detach().clone();
  {
    const torch::NoGradGuard no_grad;
    energy->named_parameters()["neurons"].mul_(torch::tensor({{0.3}, {7.}}, torch::kDouble));
  }
  energy->project_parameters();
  EXPECT_LT(distance(energy->neurons().positions, start), 1e-15);
}

TEST(Shallow, NormIsTheMeanWeight) { EXPECT_DOUBLE_EQ(shallow_with({1, 2, 6}, 10)->norm(), 3); }

TEST(Shallow, NeedsANeuron) {
  Random random(9, "shallow_test");
  expect_contains(user_error([&] { Shallow(on_sphere(3, torch::kDouble, random), {.neurons = 0}); }), ">= 1");
  expect_contains(user_error([&] { LazyShallow(on_sphere(3, torch::kDouble, random), {.neurons = 0}); }),
                  ">= 1");
}

}  // namespace
}  // namespace ebm::testing
