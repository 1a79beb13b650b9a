#include "dualebm/models/lazy_shallow.hpp"

#include <cmath>

#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

std::shared_ptr<LazyShallow> lazy_with(const std::vector<double>& coefficients, std::optional<double> cap) {
  Random random(9, "shallow_test");
  LazyShallow::Options options{.neurons = static_cast<std::int64_t>(coefficients.size()), .norm_cap = cap};
  auto energy = std::make_shared<LazyShallow>(on_sphere(3, torch::kDouble, random), options);
  const torch::NoGradGuard no_grad;
  energy->named_parameters()["coefficients"].copy_(torch::tensor(coefficients, torch::kDouble));
  return energy;
}

TEST(LazyShallow, IsTheFormulaOfThePaper) {
  const auto energy = lazy_with({2, -3}, 30);
  const torch::NoGradGuard no_grad;
  energy->named_buffers()["neurons"].copy_(torch::tensor({{1., 0., 0.}, {0., 1., 0.}}, torch::kDouble));
  const auto x = torch::tensor({{0.6, 0.8, 0.}, {0.6, -0.8, 0.}}, torch::kDouble);
  EXPECT_LT(
      distance(energy->forward(x), torch::tensor({(2 * 0.6 - 3 * 0.8) / 2, 2 * 0.6 / 2}, torch::kDouble)),
      1e-15);
}

TEST(LazyShallow, ProjectionScalesToTheBall) {
  const auto energy = lazy_with({30, -40}, 5);
  energy->project_parameters();
  EXPECT_DOUBLE_EQ(energy->norm(), 5);
  EXPECT_LT(distance(energy->neurons().weights, torch::tensor({3., -4.}, torch::kDouble) * std::sqrt(2.)),
            1e-14);
}

TEST(LazyShallow, ProjectionLeavesTheBallAlone) {
  const auto energy = lazy_with({3, -4}, 5);
  energy->project_parameters();
  EXPECT_TRUE(torch::equal(energy->neurons().weights, torch::tensor({3., -4.}, torch::kDouble)));
}

TEST(LazyShallow, WithoutACapNothingIsProjected) {
  const auto energy = lazy_with({3000, -4000}, std::nullopt);
  energy->project_parameters();
  EXPECT_TRUE(torch::equal(energy->neurons().weights, torch::tensor({3000., -4000.}, torch::kDouble)));
}

TEST(LazyShallow, NormIsTheRootMeanSquare) { EXPECT_DOUBLE_EQ(lazy_with({1, -7}, 30)->norm(), 5); }

TEST(LazyShallow, OnlyCoefficientsAreTrained) {
  const auto energy = lazy_with({1, 2}, 30);
  EXPECT_EQ(energy->parameters().size(), 1U);
  energy->parameters()[0].set_requires_grad(false);
  energy->accumulate_gradient(torch::ones({2, 3}, torch::kDouble), torch::ones({2}, torch::kDouble));
  EXPECT_FALSE(energy->parameters()[0].grad().defined());
}

}  // namespace
}  // namespace ebm::testing
