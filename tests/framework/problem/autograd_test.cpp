#include <ATen/ATen.h>

#include "dualebm/framework/compute/random.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// E(x) = Σ_k a_k x_k⁴ / 4 + c, so ∇_x E = a x³ and ∂E/∂a_k = x_k⁴ / 4, ∂E/∂c = 1.
class QuarticEnergy final : public Energy {
 public:
  explicit QuarticEnergy(const std::vector<double>& a) {
    a_ = register_parameter("a", torch::tensor(a, torch::kDouble));
    c_ = register_parameter("c", torch::zeros({}, torch::kDouble));
  }
  torch::Tensor forward(const torch::Tensor& x) override { return x.pow(4).matmul(a_) / 4 + c_; }
  torch::Tensor a_, c_;
};

/// E(x) = c: nothing of x in it.
class ConstantEnergy final : public Energy {
 public:
  ConstantEnergy() { c_ = register_parameter("c", torch::ones({}, torch::kDouble)); }
  torch::Tensor forward(const torch::Tensor& x) override { return c_.expand({x.size(0)}); }
  torch::Tensor c_;
};

torch::Tensor autograd_points(std::int64_t count = 6) {
  return Random(3, "autograd").normal({count, 3}, torch::kDouble);
}

TEST(Autograd, GradientIsTheClosedForm) {
  QuarticEnergy energy({1, -2, 0.5});
  const auto x = autograd_points();
  EXPECT_LT(distance(energy.gradient(x), energy.a_.detach() * x.pow(3)), 1e-13);
}

// The truncation of a central difference with step 1e-5 is below 1e-9 here, its rounding below 1e-10.
TEST(Autograd, GradientIsTheCentralDifference) {
  QuarticEnergy energy({1, -2, 0.5});
  const torch::NoGradGuard no_grad;
  const auto x = autograd_points();
  const auto gradient = energy.gradient(x);
  for (int k = 0; k < 3; ++k) {
    auto shift = torch::zeros({3}, torch::kDouble);
    shift[k] = 1e-5;
    const auto slope = (energy.forward(x + shift) - energy.forward(x - shift)) / 2e-5;
    EXPECT_LT(distance(gradient.select(1, k), slope), 1e-8) << "coordinate " << k;
  }
}

// A mean over the batch, or weights taken as equal, is off by factors here.
TEST(Autograd, ParameterGradientIsTheWeightedSum) {
  QuarticEnergy energy({1, -2, 0.5});
  const auto x = autograd_points();
  const auto weight = torch::linspace(-1, 2, x.size(0), torch::kDouble);
  energy.accumulate_gradient(x, weight);
  EXPECT_LT(distance(energy.a_.grad(), weight.matmul(x.pow(4)) / 4), 1e-13);
  EXPECT_NEAR(energy.c_.grad().item<double>(), weight.sum().item<double>(), 1e-13);
}

TEST(Autograd, ParameterGradientIsTheCentralDifference) {
  QuarticEnergy energy({1, -2, 0.5});
  const auto x = autograd_points();
  const auto weight = torch::linspace(-1, 2, x.size(0), torch::kDouble);
  energy.accumulate_gradient(x, weight);
  const torch::NoGradGuard no_grad;
  for (int k = 0; k < 3; ++k) {
    const auto objective = [&](double shift) {
      energy.a_[k] += shift;
      const double value = energy.forward(x).dot(weight).item<double>();
      energy.a_[k] -= shift;
      return value;
    };
    EXPECT_NEAR(energy.a_.grad()[k].item<double>(), (objective(1e-4) - objective(-1e-4)) / 2e-4, 1e-9);
  }
}

// Many rows go through forward in shards on two threads: a shard that is left out, or written to the rows of
// another, shows against the closed form.
TEST(Autograd, ShardsAreTheWhole) {
  QuarticEnergy energy({1, -2, 0.5});
  const auto x = autograd_points(1003);
  const auto weight = torch::linspace(-1, 2, x.size(0), torch::kDouble);
  EXPECT_LT(distance(energy.gradient(x), energy.a_.detach() * x.pow(3)), 1e-12);
  energy.accumulate_gradient(x, weight);
  EXPECT_LT(distance(energy.a_.grad() / (weight.matmul(x.pow(4)) / 4), torch::ones({3}, torch::kDouble)),
            1e-12);
}

// The gradient of the dual is the sum of two calls: data with +1/n, particles with -1/N.
TEST(Autograd, AccumulationAddsToWhatIsThere) {
  QuarticEnergy once({1, -2, 0.5}), twice({1, -2, 0.5});
  const auto x = autograd_points();
  const auto weight = torch::linspace(-1, 2, x.size(0), torch::kDouble);
  once.accumulate_gradient(x, weight);
  twice.accumulate_gradient(x.narrow(0, 0, 2), weight.narrow(0, 0, 2));
  twice.accumulate_gradient(x.narrow(0, 2, 4), weight.narrow(0, 2, 4));
  EXPECT_LT(distance(once.a_.grad(), twice.a_.grad()), 1e-13);
}

TEST(Autograd, KeepsNoGraph) {
  QuarticEnergy energy({1, -2, 0.5});
  const auto x = autograd_points().requires_grad_(true);
  const auto gradient = energy.gradient(x);
  EXPECT_FALSE(gradient.requires_grad());
  EXPECT_FALSE(energy.a_.grad().defined()) << "gradient() must not touch the parameters";
  energy.accumulate_gradient(x, torch::ones({x.size(0)}, torch::kDouble));
  EXPECT_FALSE(x.grad().defined()) << "accumulate_gradient() must not touch the points";
  EXPECT_FALSE(energy.a_.grad().requires_grad());
}

TEST(Autograd, WorksWhereGradientsAreSwitchedOff) {
  QuarticEnergy energy({1, -2, 0.5});
  const torch::NoGradGuard no_grad;
  const auto x = autograd_points();
  EXPECT_LT(distance(energy.gradient(x), energy.a_ * x.pow(3)), 1e-13);
  energy.accumulate_gradient(x, torch::ones({x.size(0)}, torch::kDouble));
  EXPECT_LT(distance(energy.a_.grad(), x.pow(4).sum(0) / 4), 1e-12);
  EXPECT_FALSE(torch::GradMode::is_enabled()) << "the caller's mode must come back";
}

TEST(Autograd, FrozenParametersGetNoGradient) {
  QuarticEnergy energy({1, -2, 0.5});
  energy.a_.requires_grad_(false);
  energy.c_.requires_grad_(false);
  energy.accumulate_gradient(autograd_points(), torch::ones({6}, torch::kDouble));
  EXPECT_FALSE(energy.a_.grad().defined());
}

// The uniform model is an energy too: a forward without x in it has gradient zero, not an error of LibTorch.
TEST(Autograd, AnEnergyConstantInXHasGradientZero) {
  ConstantEnergy energy;
  const auto x = autograd_points();
  EXPECT_TRUE(torch::equal(energy.gradient(x), torch::zeros_like(x)));
  energy.c_.requires_grad_(false);
  EXPECT_TRUE(torch::equal(energy.gradient(x), torch::zeros_like(x)));
}

// Whatever forward throws, on whatever thread, reaches whoever asked.
TEST(Autograd, AnyExceptionOfForwardReachesTheCaller) {
  class Throwing final : public Energy {
   public:
    torch::Tensor forward(const torch::Tensor&) override { throw 42; }
  } energy;
  with_each_number_of_threads([&](int) { EXPECT_THROW(energy.gradient(autograd_points(2000)), int); });
}

}  // namespace
}  // namespace ebm::testing
