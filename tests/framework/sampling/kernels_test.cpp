#include <ATen/ATen.h>

#include <cmath>
#include <memory>
#include <numbers>
#include <sstream>

#include "dualebm/framework/sampling/composition.hpp"
#include "dualebm/framework/sampling/hmc.hpp"
#include "dualebm/framework/sampling/langevin.hpp"
#include "dualebm/framework/sampling/mala.hpp"
#include "dualebm/framework/sampling/underdamped.hpp"
#include "dualebm/models/gaussian.hpp"
#include "dualebm/models/von_mises_fisher.hpp"
#include "tests/framework/sampling/known_moments.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

struct Kernel {
  std::string name;
  std::shared_ptr<const Sampler> sampler;
};

/// Every kernel that follows gradients, as it is by default.
std::vector<Kernel> kernels() {
  return {{"mala", std::make_shared<Mala>(Mala::Options{})},
          {"hmc", std::make_shared<Hmc>(Hmc::Options{})},
          {"underdamped", std::make_shared<Underdamped>(Underdamped::Options{})}};
}

/// E(x) = κ (1 - x_1) on the sphere.
class Pole final : public Energy {
 public:
  explicit Pole(double concentration) : kappa(concentration) {}
  torch::Tensor forward(const torch::Tensor& x) override { return kappa * (1 - x.select(1, 0)); }
  double kappa;
};

/// E(x) = -κ Σ cos x_k on the torus [-π, π)^d, as a user writes it who gives a retraction alone.
class Angles final : public Domain {
 public:
  explicit Angles(std::int64_t dimension) : dimension_(dimension) {}
  std::string name() const override { return "torus"; }
  std::int64_t dimension() const override { return dimension_; }
  std::string base_measure() const override { return "Lebesgue measure"; }
  bool has_probability_base() const override { return false; }
  torch::Tensor sample_base(std::int64_t count, Random& random,
                            const torch::TensorOptions& options) const override {
    return std::numbers::pi * (2 * random.uniform({count, dimension_}, options) - 1);
  }
  torch::Tensor to_tangent(const torch::Tensor&, const torch::Tensor& v) const override { return v; }
  torch::Tensor retract(const torch::Tensor& y) const override {
    return (y + std::numbers::pi).remainder(2 * std::numbers::pi) - std::numbers::pi;
  }
  torch::Tensor laplacian(const torch::Tensor&, const torch::Tensor&,
                          const torch::Tensor& hessian) const override {
    return hessian.diagonal(0, 1, 2).sum(1);
  }
  double log_area() const override { return 0; }
  std::optional<Quadrature> quadrature(std::int64_t) const override { return std::nullopt; }

 private:
  std::int64_t dimension_;
};

class Cosine final : public Energy {
 public:
  torch::Tensor forward(const torch::Tensor& x) override { return -2 * x.cos().sum(1); }
};

// Coordinates of deviations 1/10 to 10: what one step size cannot serve without the metric.
TEST(Kernels, MomentsOfGaussiansAreRight) {
  for (const std::int64_t d : {1, 10, 100}) {
    std::vector<double> mean, deviation;
    for (std::int64_t k = 0; k < d; ++k) {
      mean.push_back(0.1 * static_cast<double>(k % 7));
      deviation.push_back(
          d == 1 ? 2 : std::pow(10, 2.0 * static_cast<double>(k) / static_cast<double>(d - 1) - 1));
    }
    Gaussian energy(on_euclidean(d, torch::kDouble), {.mean = mean, .deviation = deviation});
    const auto mu = torch::tensor(mean, torch::kDouble), sigma = torch::tensor(deviation, torch::kDouble);
    const auto f = [&](const torch::Tensor& x) {
      const auto z = (x - mu) / sigma;
      return torch::stack({z.select(1, 0), z.select(1, d - 1), z.select(1, 0).square(),
                           z.select(1, d - 1).square(), z.square().mean(1)},
                          1);
    };
    for (const auto& [name, sampler] : kernels()) {
      Random random(3, "start");
      const auto start = 3 * random.normal({200, d}, torch::kDouble);
      const auto estimates = chain_means(*sampler, energy, Euclidean(d), start, 600, 300, f);
      const double truth[] = {0, 0, 1, 1, 1};
      for (std::size_t k = 0; k < 5; ++k) {
        expect_close(estimates[k], truth[k], 0.08, fmt::format("{}, d = {}, moment {}", name, d, k));
      }
    }
  }
}

TEST(Kernels, MomentsOfVonMisesFisherAreRight) {
  for (const std::int64_t d : {3, 15}) {
    for (const double kappa : {1.0, 100.0, 500.0}) {
      Pole energy(kappa);
      const Sphere sphere(d);
      const double length = von_mises_fisher_mean_length(d, kappa);
      // E x_1² = 1 - (d - 1) A / κ.
      const double square = 1 - static_cast<double>(d - 1) * length / kappa;
      const auto f = [](const torch::Tensor& x) {
        return torch::stack({x.select(1, 0), x.select(1, 0).square(), x.select(1, 1)}, 1);
      };
      for (const auto& [name, sampler] : kernels()) {
        Random random(3, "start");
        auto about = 2 / std::sqrt(1 + kappa) * random.normal({400, d}, torch::kDouble);
        about.select(1, 0) += 1;
        const auto estimates = chain_means(*sampler, energy, sphere, sphere.retract(about), 300, 200, f);
        const auto what = fmt::format("{}, d = {}, κ = {}", name, d, kappa);
        const double deviation = std::sqrt(square - length * length);
        expect_close(estimates[0], length, 0.05 * deviation, what);
        expect_close(estimates[1], square, 0.1 * deviation, what);
        expect_close(estimates[2], 0, 0.05 * std::sqrt(length / kappa), what);
      }
    }
  }
}

// Detailed balance shows at steps where the correction has work to do: acceptance about a half, and the
// unadjusted chain of the same step off by tens of standard errors.
TEST(Kernels, LargeStepsAreExactWhereLangevinIsNot) {
  constexpr double kappa = 20, length_step = 0.06;
  Pole energy(kappa);
  const Sphere sphere(3);
  const double length = von_mises_fisher_mean_length(3, kappa);
  const auto f = [](const torch::Tensor& x) { return x.narrow(1, 0, 1); };
  Random random(3, "start");
  const auto start = sphere.sample_base(4000, random, torch::kDouble);
  const Langevin plain({.step_size = length_step, .antithetic = false});
  EXPECT_GT(off(chain_means(plain, energy, sphere, start, 100, 100, f)[0], length), 20);
  const double epsilon = std::sqrt(2 * length_step);
  const std::vector<Kernel> exact = {
      {"mala", std::make_shared<Mala>(Mala::Options{.step_size = length_step})},
      {"hmc", std::make_shared<Hmc>(Hmc::Options{.step_size = epsilon, .leapfrog_steps = 3})},
      {"underdamped", std::make_shared<Underdamped>(Underdamped::Options{.step_size = epsilon})}};
  for (const auto& [name, sampler] : exact) {
    auto state = sampler->init(start);
    state.adapting = false;
    Random noise(5, "chains");
    torch::Tensor acceptance;
    for (int i = 0; i < 100; ++i) acceptance = sampler->step(energy, sphere, state, noise, 1).acceptance;
    EXPECT_LT(acceptance.item<double>(), 0.97) << name << ": the step is small";
    const auto x = state.positions.select(1, 0);
    const Estimate once{x.mean().item<double>(), x.std().item<double>() / std::sqrt(4000.0)};
    expect_close(once, length, 0.001, name);
  }
}

// The same on R: a quartic, so that errors of the dynamics are not those of a linear force.
class Quartic final : public Energy {
 public:
  torch::Tensor forward(const torch::Tensor& x) override { return x.square().square().sum(1); }
};

TEST(Kernels, LargeStepsOnTheLineAreExactWhereLangevinIsNot) {
  Quartic energy;
  const double square = std::tgamma(0.75) / std::tgamma(0.25);
  const auto f = [](const torch::Tensor& x) { return x.square(); };
  const auto start = torch::zeros({4000, 1}, torch::kDouble);
  const Langevin plain({.step_size = 0.06, .antithetic = false});
  EXPECT_GT(off(chain_means(plain, energy, Euclidean(1), start, 100, 600, f)[0], square), 8);
  const std::vector<Kernel> exact = {
      {"mala", std::make_shared<Mala>(Mala::Options{.step_size = 0.12, .diagonal_metric = false})},
      {"hmc",
       std::make_shared<Hmc>(Hmc::Options{.step_size = 0.5, .leapfrog_steps = 3, .diagonal_metric = false})},
      {"underdamped",
       std::make_shared<Underdamped>(Underdamped::Options{.step_size = 0.5, .diagonal_metric = false})}};
  for (const auto& [name, sampler] : exact) {
    auto state = sampler->init(start);
    state.adapting = false;
    Random noise(5, "chains");
    for (int i = 0; i < 200; ++i) sampler->step(energy, Euclidean(1), state, noise, 1);
    const auto x = state.positions.square();
    const Estimate once{x.mean().item<double>(), x.std().item<double>() / std::sqrt(4000.0)};
    expect_close(once, square, 0.01, name);
  }
}

// Modified Bessel functions by their series: E cos x = I_1(2) / I_0(2).
TEST(Kernels, ATorusOfOnesOwnIsSampled) {
  Cosine energy;
  double zero = 0, one = 0, term = 1;
  for (int k = 0; k < 30; ++k) {
    zero += term;
    one += term / (k + 1);
    term /= (k + 1.0) * (k + 1.0);
  }
  const auto f = [](const torch::Tensor& x) { return x.cos(); };
  for (const auto& [name, sampler] : kernels()) {
    const auto estimates =
        chain_means(*sampler, energy, Angles(2), torch::zeros({400, 2}, torch::kDouble), 200, 200, f);
    for (const auto& estimate : estimates) expect_close(estimate, one / zero, 0.02, name);
  }
}

/// A curved domain that only says how to come back to it.
class Curve final : public Domain {
 public:
  std::string name() const override { return "ellipse"; }
  std::int64_t dimension() const override { return 2; }
  std::string base_measure() const override { return "length"; }
  bool has_probability_base() const override { return true; }
  torch::Tensor sample_base(std::int64_t count, Random&, const torch::TensorOptions& options) const override {
    return torch::ones({count, 2}, options);
  }
  torch::Tensor to_tangent(const torch::Tensor&, const torch::Tensor& v) const override { return 0.5 * v; }
  torch::Tensor retract(const torch::Tensor& y) const override { return y; }
  torch::Tensor laplacian(const torch::Tensor&, const torch::Tensor& gradient,
                          const torch::Tensor&) const override {
    return gradient.sum(1);
  }
  double log_area() const override { return 0; }
  std::optional<Quadrature> quadrature(std::int64_t) const override { return std::nullopt; }
};

TEST(Kernels, ACurvedDomainOfOnesOwnIsRefused) {
  Cosine energy;
  Random random(1, "chains");
  for (const auto& [name, sampler] : kernels()) {
    auto state = sampler->init(torch::ones({4, 2}, torch::kDouble));
    expect_contains(user_error([&, kernel = sampler] { kernel->step(energy, Curve(), state, random, 1); }),
                    "the domain ellipse is curved");
  }
}

TEST(Kernels, StepsFindTheirAcceptanceFromAnywhere) {
  Gaussian energy(on_euclidean(10, torch::kDouble), {.deviation = {0.3}});
  const double target[] = {0.574, 0.8, 0.9};
  for (const double initial : {1e-3, 1.0, 100.0}) {
    const std::vector<Kernel> far = {
        {"mala", std::make_shared<Mala>(Mala::Options{.step_size = initial})},
        {"hmc", std::make_shared<Hmc>(Hmc::Options{.step_size = initial})},
        {"underdamped", std::make_shared<Underdamped>(Underdamped::Options{.step_size = initial})}};
    for (std::size_t k = 0; k < far.size(); ++k) {
      Random random(3, "chains");
      auto state = far[k].sampler->init(random.normal({200, 10}, torch::kDouble));
      for (int i = 0; i < 1500; ++i) far[k].sampler->step(energy, Euclidean(10), state, random, 1);
      state.adapting = false;
      double sum = 0;
      for (int i = 0; i < 50; ++i) {
        sum += far[k].sampler->step(energy, Euclidean(10), state, random, 1).acceptance.item<double>();
      }
      EXPECT_NEAR(sum / 50, target[k], 0.02) << far[k].name << " from " << initial;
    }
  }
}

TEST(Kernels, FrozenAdaptationStandsStill) {
  Gaussian energy(on_euclidean(3, torch::kDouble), {});
  for (const auto& [name, sampler] : kernels()) {
    Random random(3, "chains");
    auto state = sampler->init(random.normal({50, 3}, torch::kDouble));
    for (int i = 0; i < 20; ++i) sampler->step(energy, Euclidean(3), state, random, 1);
    state.adapting = false;
    const auto before = state.memory.values;
    const auto step = sampler->step_size(state);
    for (int i = 0; i < 20; ++i) sampler->step(energy, Euclidean(3), state, random, 1);
    ASSERT_GE(before.size(), 3u);
    for (const auto& [key, value] : before)
      EXPECT_TRUE(torch::equal(value, state.memory.values.at(key))) << name << " " << key;
    EXPECT_EQ(step, sampler->step_size(state));
  }
}

Sampler::State restored(const Sampler& sampler, const Sampler::State& state) {
  ebm::State archive;
  state.save(archive);
  auto copy = sampler.init(torch::zeros_like(state.positions));
  copy.load(archive);
  return copy;
}

TEST(Kernels, AStateReadBackGoesOnWithTheSameBits) {
  Gaussian energy(on_euclidean(3, torch::kFloat), {});
  auto all = kernels();
  all.push_back({"composition", std::make_shared<Composition>(std::vector<std::shared_ptr<const Sampler>>{
                                    all[2].sampler, all[0].sampler})});
  for (const auto& [name, sampler] : all) {
    Random random(3, "chains");
    auto state = sampler->init(random.normal({50, 3}, torch::kFloat));
    for (int i = 0; i < 20; ++i) sampler->step(energy, Euclidean(3), state, random, 1);
    auto copy = restored(*sampler, state);
    Random again(4, "chains");
    again.set_state(random.state());
    for (int i = 0; i < 5; ++i) {
      const auto one = sampler->step(energy, Euclidean(3), state, random, 1);
      const auto other = sampler->step(energy, Euclidean(3), copy, again, 1);
      EXPECT_EQ(one.gradient_evaluations, other.gradient_evaluations) << name << ": the cache is lost";
      EXPECT_TRUE(torch::equal(state.positions, copy.positions)) << name;
    }
  }
}

TEST(Kernels, StepsAreTheSameBitsForEveryNumberOfThreads) {
  Random parameters(1, "parameters");
  for (const auto& [name, sampler] : kernels()) {
    std::vector<torch::Tensor> ends;
    with_each_number_of_threads([&, kernel = sampler](int) {
      Pole energy(30);
      Random random(2, "particles");
      auto state = kernel->init(Sphere(7).sample_base(3001, random, torch::kFloat));
      for (int i = 0; i < 4; ++i) kernel->step(energy, Sphere(7), state, random, 1);
      ends.push_back(state.positions);
    });
    for (const auto& end : ends) EXPECT_TRUE(torch::equal(end, ends[0])) << name;
  }
}

// One ∇E a step while the parameters stand still. After they have moved, the old E would let a step be judged
// by another measure: the version says so.
TEST(Kernels, TheCacheServesUntilTheParametersMove) {
  for (const auto& [name, sampler] : kernels()) {
    const std::int64_t gradients = name == "hmc" ? 5 : 1;
    Gaussian energy(on_euclidean(2, torch::kDouble), {});
    Random random(3, "chains");
    auto state = sampler->init(random.normal({4000, 2}, torch::kDouble));
    EXPECT_EQ(sampler->step(energy, Euclidean(2), state, random, 1).gradient_evaluations,
              (gradients + 1) * 4000);
    EXPECT_EQ(sampler->step(energy, Euclidean(2), state, random, 1).gradient_evaluations, gradients * 4000);
    {
      const torch::NoGradGuard no_grad;
      energy.named_parameters()["mean"].fill_(1);
    }
    ++state.parameters_version;
    EXPECT_EQ(sampler->step(energy, Euclidean(2), state, random, 1).gradient_evaluations,
              (gradients + 1) * 4000);
    EXPECT_LT(distance(state.energy(), energy.forward(state.positions)), 1e-12) << name;
    EXPECT_LT(distance(state.gradient(), energy.gradient(state.positions)), 1e-12) << name;
  }
}

TEST(Kernels, TheCacheDoesNotOutliveThePositions) {
  Gaussian energy(on_euclidean(2, torch::kDouble), {});
  Random random(3, "chains");
  const Mala mala({});
  auto state = mala.init(random.normal({10, 2}, torch::kDouble));
  mala.step(energy, Euclidean(2), state, random, 1);
  ASSERT_TRUE(state.energy().defined());
  state.positions.add_(1);
  EXPECT_FALSE(state.energy().defined());
  mala.step(energy, Euclidean(2), state, random, 1);
  state.positions = state.positions.clone();
  EXPECT_FALSE(state.energy().defined());
  EXPECT_FALSE(state.gradient().defined());
}

/// Energy that is no number to the right of 1.
class Cliff final : public Energy {
 public:
  torch::Tensor forward(const torch::Tensor& x) override {
    return ((1 - x.select(1, 0)).log() * 0.5 + x.square().sum(1));
  }
};

TEST(Kernels, WhatIsNotFiniteIsRejectedAndCounted) {
  Cliff energy;
  for (const auto& [name, sampler] : kernels()) {
    Random random(3, "chains");
    auto state = sampler->init(torch::zeros({500, 1}, torch::kDouble));
    std::int64_t divergences = 0;
    for (int i = 0; i < 100; ++i) {
      divergences += sampler->step(energy, Euclidean(1), state, random, 1).divergences.item<std::int64_t>();
    }
    EXPECT_GT(divergences, 0) << name;
    EXPECT_LT(state.positions.max().item<double>(), 1) << name;
    EXPECT_TRUE(torch::isfinite(state.positions).all().item<bool>()) << name;
  }
}

TEST(Kernels, OptionsOutsideTheirRangesAreRefused) {
  expect_contains(user_error([] { Mala({.step_size = 0}); }),
                  "mala.step_size: expected a number > 0, found 0");
  expect_contains(user_error([] { Mala({.target_acceptance = 1}); }), "mala.target_acceptance");
  expect_contains(user_error([] { Hmc({.leapfrog_steps = 0}); }), "hmc.leapfrog_steps");
  expect_contains(user_error([] { Hmc({.jitter = 1}); }), "hmc.jitter");
  expect_contains(user_error([] { Underdamped({.friction = 0}); }), "underdamped.friction");
  expect_contains(user_error([] { Composition({}); }), "at least one kernel");
}

}  // namespace
}  // namespace ebm::testing
