#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/models/lazy_shallow.hpp"
#include "dualebm/models/shallow.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// A regime is a sign rule of F1, "bias" for F1 with a bias, or "lazy" for F2.
struct ShallowCase {
  std::string regime, activation;
};

std::vector<ShallowCase> all_shallow_cases() {
  std::vector<ShallowCase> cases;
  for (const std::string regime : {"negative", "positive", "balanced", "bias", "lazy"}) {
    for (const auto& activation : Activation::names()) cases.push_back({regime, activation});
  }
  return cases;
}

/// A shallow energy whose weights, too, are random: equal ones would hide a mixed-up index.
std::shared_ptr<Energy> shallow_energy(const ShallowCase& which, std::int64_t d, std::int64_t m,
                                       const torch::TensorOptions& options = torch::kDouble) {
  Random random(7, "shallow_test");
  const torch::NoGradGuard no_grad;
  if (which.regime == "lazy") {
    LazyShallow::Options lazy{.neurons = m, .activation = which.activation};
    auto energy = std::make_shared<LazyShallow>(on_sphere(d, options, random), lazy);
    energy->named_parameters()["coefficients"].copy_(random.normal({m}, options));
    return energy;
  }
  Shallow::Options learning{.neurons = m, .activation = which.activation};
  learning.bias = which.regime == "bias";
  learning.signs = learning.bias ? "balanced" : which.regime;
  auto energy = std::make_shared<Shallow>(on_sphere(d, options, random), learning);
  energy->named_parameters()["weights"].copy_(random.uniform({m}, options) + 0.1);
  return energy;
}

/// The `.grad` of every parameter, which is then cleared.
std::vector<torch::Tensor> taken_gradients(Energy& energy) {
  std::vector<torch::Tensor> gradients;
  for (const auto& parameter : energy.parameters()) {
    gradients.push_back(parameter.grad().defined() ? parameter.grad().clone() : torch::Tensor());
  }
  energy.zero_grad();
  return gradients;
}

double relative_distance(const torch::Tensor& a, const torch::Tensor& reference) {
  return distance(a, reference) / std::max(reference.abs().max().item<double>(), 1e-300);
}

void expect_as_by_autograd(const std::shared_ptr<Energy>& energy, const torch::Tensor& x,
                           const torch::Tensor& weight, double tolerance) {
  ByAutograd reference(energy);
  EXPECT_LT(relative_distance(energy->gradient(x), reference.gradient(x)), tolerance);
  energy->accumulate_gradient(x, weight);
  const auto fast = taken_gradients(*energy);
  reference.accumulate_gradient(x, weight);
  const auto slow = taken_gradients(*energy);
  for (std::size_t i = 0; i < fast.size(); ++i) {
    EXPECT_LT(relative_distance(fast[i], slow[i]), tolerance) << "parameter " << i;
  }
}

class ShallowGradients : public ::testing::TestWithParam<ShallowCase> {};

// Every way through the arithmetic, by (d, m, N): one and several shards (512 rows), tiles of rows that end
// with the data and before it, fused kernels for d = 3 and for any small d, matrix products in one and in
// several blocks.
TEST_P(ShallowGradients, AgreeWithAutograd) {
  const std::vector<std::array<std::int64_t, 3>> shapes = {
      {2, 1, 1},    {2, 5, 7},      {2, 3, 7},       {3, 64, 31},    {3, 64, 32},    {3, 64, 33},
      {3, 64, 513}, {2, 64, 600},   {15, 200, 1500}, {31, 500, 65},  {32, 512, 65},  {33, 3, 513},
      {40, 31, 1},  {40, 200, 513}, {4, 64, 64},     {7, 128, 1500}, {3, 6000, 100}, {40, 1500, 600}};
  Random random(1, "points");
  for (const auto& [d, m, n] : shapes) {
    SCOPED_TRACE(fmt::format("d {}, m {}, N {}", d, m, n));
    expect_as_by_autograd(shallow_energy(GetParam(), d, m), random.normal({n, d}, torch::kDouble),
                          random.normal({n}, torch::kDouble), 1e-12);
  }
}

TEST_P(ShallowGradients, AgreeWithAutogradOnTransposedPoints) {
  Random random(2, "points");
  const auto x = random.normal({5, 700}, torch::kDouble).t();
  expect_as_by_autograd(shallow_energy(GetParam(), 5, 20), x, random.normal({700}, torch::kDouble), 1e-12);
}

TEST_P(ShallowGradients, AgreeWithAutogradOnEverySecondRow) {
  Random random(3, "points");
  const auto x = random.normal({1400, 5}, torch::kDouble).slice(0, 1, 1400, 2);
  const auto weight = random.normal({700, 3}, torch::kDouble).select(1, 1);
  expect_as_by_autograd(shallow_energy(GetParam(), 5, 20), x, weight, 1e-12);
}

// All pre-activations are 0 here, in fused kernels and in matrix products. Autograd's slope of the ReLU is 0
// at its kink, and so must ours be.
TEST_P(ShallowGradients, AgreeWithAutogradAtTheKink) {
  for (const std::int64_t d : {3, 40}) {
    const auto energy = shallow_energy(GetParam(), d, 8);
    const auto x = torch::zeros({4, d}, torch::kDouble);
    EXPECT_LT(distance(energy->gradient(x), ByAutograd(energy).gradient(x)), 1e-14);
  }
}

// A comparison with NaN is false, and a slope of zero would let a lost particle pass for one that neurons
// ignore.
TEST_P(ShallowGradients, OfAPointThatIsNoNumberAreNoNumbers) {
  for (const std::int64_t d : {3, 40}) {
    const auto energy = shallow_energy(GetParam(), d, 8);
    auto x = torch::ones({4, d}, torch::kDouble);
    x[2][0] = std::nan("");
    energy->accumulate_gradient(x, torch::ones({4}, torch::kDouble));
    for (const auto& gradient : taken_gradients(*energy)) EXPECT_TRUE(gradient.isnan().any().item<bool>());
  }
}

TEST_P(ShallowGradients, OfNoPointsAreZero) {
  const auto energy = shallow_energy(GetParam(), 3, 8);
  EXPECT_EQ(energy->gradient(torch::empty({0, 3}, torch::kDouble)).sizes(),
            (std::vector<std::int64_t>{0, 3}));
  energy->accumulate_gradient(torch::empty({0, 3}, torch::kDouble), torch::empty({0}, torch::kDouble));
  for (const auto& gradient : taken_gradients(*energy)) EXPECT_EQ(gradient.abs().sum().item<double>(), 0);
}

// Autograd shares `forward`, so it cannot tell whether both are of the right function; differences can.
// Error h² f'''/6 plus rounding eps f/h, both near 1e-10.
TEST_P(ShallowGradients, AgreeWithCentralDifferences) {
  const torch::NoGradGuard no_grad;
  const double h = 1e-6;
  const auto energy = shallow_energy(GetParam(), 4, 9);
  Random random(4, "points");
  const auto x = random.normal({7, 4}, torch::kDouble), v = random.normal({7, 4}, torch::kDouble);
  const auto slope = (energy->forward(x + h * v) - energy->forward(x - h * v)) / (2 * h);
  EXPECT_LT(distance((energy->gradient(x) * v).sum(1), slope), 1e-8);

  const auto weight = random.normal({7}, torch::kDouble);
  energy->accumulate_gradient(x, weight);
  for (auto& parameter : energy->parameters()) {
    const auto direction = random.normal(parameter.sizes(), torch::kDouble);
    const auto start = parameter.clone();
    parameter.copy_(start + h * direction);
    const auto above = energy->forward(x).dot(weight);
    parameter.copy_(start - h * direction);
    const auto below = energy->forward(x).dot(weight);
    parameter.copy_(start);
    EXPECT_LT(distance((parameter.grad() * direction).sum(), (above - below) / (2 * h)), 1e-8);
  }
}

// Against double at the same parameters and points: what single precision may lose is its rounding, 6e-8 a
// term.
TEST_P(ShallowGradients, HoldInSinglePrecision) {
  Random random(5, "points");
  const auto x = random.normal({513, 15}, torch::kFloat), weight = random.normal({513}, torch::kFloat);
  const auto single = shallow_energy(GetParam(), 15, 64, torch::kFloat);
  const auto exact = shallow_energy(GetParam(), 15, 64, torch::kFloat);
  exact->to(torch::kDouble);
  EXPECT_EQ(single->gradient(x).scalar_type(), torch::kFloat);
  EXPECT_LT(relative_distance(single->gradient(x), exact->gradient(x.to(torch::kDouble))), 1e-5);
  single->accumulate_gradient(x, weight);
  exact->accumulate_gradient(x.to(torch::kDouble), weight.to(torch::kDouble));
  const auto found = taken_gradients(*single), expected = taken_gradients(*exact);
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_LT(relative_distance(found[i], expected[i]), 1e-5);
}

// Trainers add the particles' gradient to the data's: the second call must not overwrite the first.
TEST_P(ShallowGradients, Accumulate) {
  Random random(6, "points");
  const auto energy = shallow_energy(GetParam(), 3, 8);
  const auto x = random.normal({20, 3}, torch::kDouble), weight = random.normal({20}, torch::kDouble);
  energy->accumulate_gradient(x, weight);
  const auto whole = taken_gradients(*energy);
  energy->accumulate_gradient(x.narrow(0, 0, 5), weight.narrow(0, 0, 5));
  energy->accumulate_gradient(x.narrow(0, 5, 15), weight.narrow(0, 5, 15));
  const auto parts = taken_gradients(*energy);
  for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_LT(relative_distance(parts[i], whole[i]), 1e-12);
}

TEST_P(ShallowGradients, AreTheSameBitsForEveryNumberOfThreads) {
  Random random(8, "points");
  const auto energy = shallow_energy(GetParam(), 3, 50);
  const auto x = random.normal({3000, 3}, torch::kDouble), weight = random.normal({3000}, torch::kDouble);
  energy->accumulate_gradient(x, weight);
  const auto many = taken_gradients(*energy);
  const int before = threads();
  set_threads(1);
  energy->accumulate_gradient(x, weight);
  set_threads(before);
  const auto one = taken_gradients(*energy);
  for (std::size_t i = 0; i < one.size(); ++i) EXPECT_TRUE(torch::equal(many[i], one[i]));
}

INSTANTIATE_TEST_SUITE_P(Cases, ShallowGradients, ::testing::ValuesIn(all_shallow_cases()),
                         [](const auto& test) { return test.param.regime + "_" + test.param.activation; });

TEST(ShallowEnergies, OnlySoftplusIsSmooth) {
  for (const std::string regime : {"negative", "lazy"}) {
    EXPECT_TRUE(shallow_energy({regime, "softplus"}, 3, 4)->smooth());
    EXPECT_FALSE(shallow_energy({regime, "relu"}, 3, 4)->smooth());
    EXPECT_FALSE(shallow_energy({regime, "squared_relu"}, 3, 4)->smooth());
  }
}

// Direct score matching differentiates `forward` twice in x.
TEST(ShallowEnergies, SoftplusHasSecondDerivativesThroughForward) {
  const double h = 1e-5;
  for (const std::string regime : {"balanced", "lazy"}) {
    const auto energy = shallow_energy({regime, "softplus"}, 3, 6);
    Random random(10, "points");
    const auto x = random.normal({5, 3}, torch::kDouble).requires_grad_(true);
    const auto v = random.normal({5, 3}, torch::kDouble);
    const auto gradient = torch::autograd::grad({energy->forward(x).sum()}, {x}, {}, true, true)[0];
    const auto product = torch::autograd::grad({(gradient * v).sum()}, {x})[0];
    const auto slope = (energy->gradient(x + h * v) - energy->gradient(x - h * v)) / (2 * h);
    EXPECT_LT(distance(product, slope), 1e-8) << regime;
  }
}

TEST(ShallowEnergies, UnknownActivationIsAnError) {
  expect_contains(user_error([] { Activation("tanh"); }), "relu, squared_relu, softplus");
}

}  // namespace
}  // namespace ebm::testing
