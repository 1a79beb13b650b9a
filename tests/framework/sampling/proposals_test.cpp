#include <ATen/ATen.h>

#include <cmath>
#include <memory>

#include "dualebm/framework/sampling/base_proposal.hpp"
#include "dualebm/framework/sampling/composition.hpp"
#include "dualebm/framework/sampling/independence_jump.hpp"
#include "dualebm/framework/sampling/kernel_density.hpp"
#include "dualebm/framework/sampling/mala.hpp"
#include "dualebm/framework/sampling/mixture_proposal.hpp"
#include "dualebm/framework/sampling/von_mises_fisher_kernel.hpp"
#include "dualebm/models/gaussian.hpp"
#include "dualebm/models/von_mises_fisher.hpp"
#include "tests/framework/sampling/known_moments.hpp"
#include "tests/framework/sampling/two_modes.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

std::shared_ptr<const Domain> plane() { return std::make_shared<Euclidean>(2); }

/// A proposal that has lost or gained mass, or whose draws are of another density, fails: ∫ q = 1, and means
/// of two functions over draws are their integrals.
void expect_density(const Proposal& q, const Quadrature& rule, const std::string& what) {
  const auto mass = rule.weights * q.log_density(rule.points).exp();
  EXPECT_NEAR(mass.sum().item<double>(), 1, 1e-6) << what;
  Random random(3, "draws");
  const auto draws = q.sample(20000, random, torch::kDouble);
  for (const auto& f : {std::function<torch::Tensor(const torch::Tensor&)>([](const torch::Tensor& x) {
                          return (2 * x.select(1, 0) + x.select(1, 1)).cos();
                        }),
                        std::function<torch::Tensor(const torch::Tensor&)>(
                            [](const torch::Tensor& x) { return (x.select(1, 1) - 0.5).sin(); }),
                        std::function<torch::Tensor(const torch::Tensor&)>([](const torch::Tensor& x) {
                          return x.square()
                              .matmul(torch::tensor({1.0, -1.0, 2.0}, torch::kDouble).narrow(0, 0, x.size(1)))
                              .tanh();
                        })}) {
    const auto values = f(draws);
    const Estimate estimate{values.mean().item<double>(), values.std().item<double>() / std::sqrt(20000.0)};
    expect_close(estimate, mass.dot(f(rule.points)).item<double>(), 0.01, what);
  }
}

TEST(Proposals, DrawsHaveTheDensityThatIsClaimed) {
  const auto square = cube_quadrature(2, 400, 12), globe = sphere_quadrature(200, 400);
  const auto centres = torch::tensor({{0.0, 1.0}, {3.0, -2.0}, {-1.0, 0.5}}, torch::kDouble);
  const auto sphere = std::make_shared<Sphere>(3);
  const auto gaussian = std::make_shared<BaseProposal>(plane(), torch::tensor({1.0, -1.0}, torch::kDouble),
                                                       torch::tensor({0.5, 2.0}, torch::kDouble));
  const auto kernels =
      std::make_shared<KernelDensity>(*plane(), centres, 0.7, torch::tensor({1.0, 0.5}, torch::kDouble));
  expect_density(*gaussian, square, "gaussian");
  expect_density(*kernels, square, "kernels in the plane");
  expect_density(MixtureProposal({{gaussian, 1}, {kernels, 3}}), square, "mixture");
  expect_density(BaseProposal(sphere), globe, "uniform");
  const auto points = sphere->retract(torch::tensor({{0.0, 1.0, 1.0}, {3.0, -2.0, 0.0}}, torch::kDouble));
  for (const double b : {2.0, 0.5, 0.1}) {
    expect_density(KernelDensity(*sphere, points, b), globe, fmt::format("kernels on the sphere, b = {}", b));
  }
}

TEST(Proposals, MassOfAVonMisesFisherKernelIsTheClosedForm) {
  for (const std::int64_t d : {2, 3, 4, 15, 64, 200}) {
    for (const double kappa : {1e-3, 0.3, 1.0, 10.0, 100.0, 2500.0}) {
      const double expected = log_von_mises_fisher_normalizer(d, kappa);
      EXPECT_NEAR(von_mises_fisher_log_mass(d, kappa), expected, 1e-9 * (1 + std::abs(expected)))
          << d << " " << kappa;
    }
  }
}

// Of Wood's rejection: the mean length in dimensions that no quadrature reaches.
TEST(Proposals, DrawsAboutAMeanHaveItsLength) {
  Random random(3, "draws");
  for (const std::int64_t d : {2, 5, 30}) {
    for (const double kappa : {0.25, 10.0, 2500.0}) {
      auto mean = torch::zeros({1, d}, torch::kDouble);
      mean.select(1, d - 1).fill_(1);
      const auto w = von_mises_fisher_draws(mean.expand({20000, d}), kappa, random).select(1, d - 1);
      const Estimate estimate{w.mean().item<double>(), w.std().item<double>() / std::sqrt(20000.0)};
      expect_close(estimate, von_mises_fisher_mean_length(d, kappa), 0.006,
                   fmt::format("d = {}, κ = {}", d, kappa));
    }
  }
}

// For a Gaussian the likeliest bandwidth is near Silverman's rule, (4 / ((d + 2) K))^{1 / (d + 4)}.
TEST(Proposals, TheBandwidthIsThatOfTheHeldOutLikelihood) {
  Random random(3, "data");
  const auto data = random.normal({4000, 2}, torch::kDouble) * torch::tensor({10.0, 0.1}, torch::kDouble);
  const auto fitted = KernelDensity::fit(*plane(), data, 200, random);
  EXPECT_NEAR(std::log(fitted.bandwidth() / std::pow(1.0 / 200, 1.0 / 6)), 0, 0.35);
  const auto fresh = random.normal({2000, 2}, torch::kDouble) * torch::tensor({10.0, 0.1}, torch::kDouble);
  // -E log p of the Gaussian itself is 1 + log 2π.
  EXPECT_NEAR(-fitted.log_density(fresh).mean().item<double>(), 1 + std::log(2 * M_PI), 0.15);
}

TEST(Proposals, ConstantColumnsAndFewPointsAreNoTrouble) {
  Random random(3, "data");
  auto data = random.normal({50, 2}, torch::kDouble);
  data.select(1, 1).fill_(4);
  const auto fitted = KernelDensity::fit(*plane(), data, 200, random);
  EXPECT_TRUE(torch::isfinite(fitted.log_density(data)).all().item<bool>());
  const auto pair = KernelDensity::fit(*plane(), data.narrow(0, 0, 2), 200, random);
  EXPECT_TRUE(torch::isfinite(pair.log_density(data)).all().item<bool>());
  expect_contains(user_error([&] { KernelDensity::fit(*plane(), data.narrow(0, 0, 1), 200, random); }),
                  "at least 2 points");
}

TEST(Proposals, WhatHasNoDensityIsRefused) {
  expect_contains(user_error([] { BaseProposal{plane()}; }), "no probability");
  expect_contains(
      user_error([] { BaseProposal(std::make_shared<Sphere>(2), torch::zeros({2}), torch::ones({2})); }),
      "a Gaussian lives on the domain euclidean");
  expect_contains(user_error([] { MixtureProposal({}); }), "at least one part");
  Random random(1, "data");
  const SamplerContext nothing{plane(), {}, random};
  expect_contains(user_error([&] { IndependenceJump(nothing, IndependenceJump::Options{}); }),
                  "fitted to data");
  expect_contains(
      user_error([&] { IndependenceJump(std::make_shared<BaseProposal>(std::make_shared<Sphere>(2)), 0); }),
      "share must be in (0, 1]");
}

/// Mass of the right mode after MALA and jumps that start all at the left one.
Estimate right_mass(const Sampler& sampler, std::int64_t warm_up, std::int64_t steps) {
  TwoModes energy(2);
  const auto start = torch::tensor({{-6.0, 0.0}}, torch::kDouble).repeat({500, 1});
  return chain_means(sampler, energy, Euclidean(2), start, warm_up, steps,
                     [](const torch::Tensor& x) { return (x.narrow(1, 0, 1) > 0).to(torch::kDouble); })[0];
}

TEST(IndependenceJump, CarriesMassBetweenFarModes) {
  const auto q = std::make_shared<BaseProposal>(plane(), torch::zeros({2}, torch::kDouble),
                                                torch::tensor({6.0, 1.0}, torch::kDouble));
  const auto mala = std::make_shared<Mala>(Mala::Options{});
  const auto jump = std::make_shared<IndependenceJump>(q, 0.1);
  EXPECT_EQ(right_mass(*mala, 50, 200).mean, 0);
  expect_close(right_mass(*jump, 3000, 1000), 0.2, 0.02, "jumps");
  expect_close(right_mass(Composition({mala, jump}), 2000, 1000), 0.2, 0.02, "MALA and jumps");
}

// q that is far from p: a ratio turned about, or q left out of it, would give the moments of another measure.
TEST(IndependenceJump, IsExactForAPoorProposal) {
  Gaussian energy(on_euclidean(1, torch::kDouble), {});
  const auto line = std::make_shared<Euclidean>(1);
  const IndependenceJump jump(std::make_shared<BaseProposal>(line, torch::ones({1}), torch::full({1}, 2.0)),
                              1);
  const auto estimates = chain_means(jump, energy, *line, torch::zeros({500, 1}, torch::kDouble), 50, 300,
                                     [](const torch::Tensor& x) {
                                       return torch::cat({x, x.square()}, 1);
                                     });
  expect_close(estimates[0], 0, 0.01, "mean");
  expect_close(estimates[1], 1, 0.01, "square");
}

TEST(IndependenceJump, OnTheSphereFindsBothPoles) {
  Random random(3, "data");
  VonMisesFisherMixture energy(on_sphere(3, torch::kDouble, random),
                               {.components = 2, .concentration = 100, .means = {{1, 0, 0}, {-1, 0, 0}}});
  const auto sphere = std::make_shared<Sphere>(3);
  auto data = 0.1 * random.normal({2000, 3}, torch::kDouble);
  data.select(1, 0).narrow(0, 0, 300) += 1;
  data.select(1, 0).narrow(0, 300, 1700) -= 1;
  const SamplerContext context{sphere, sphere->retract(data), random};
  const IndependenceJump jump(context, {.share = 0.5});
  const auto start = torch::tensor({{1.0, 0.0, 0.0}}, torch::kDouble).repeat({500, 1});
  const auto estimate = chain_means(jump, energy, *sphere, start, 100, 300,
                                    [](const torch::Tensor& x) { return x.narrow(1, 0, 1); })[0];
  expect_close(estimate, 0, 0.02, "mean of the axis");
}

// The share of particles that a step touches, and E and ∇E of those alone renewed.
TEST(IndependenceJump, TouchesItsShareAndKeepsTheCacheRight) {
  TwoModes energy(2);
  Random random(3, "chains");
  const auto q = std::make_shared<BaseProposal>(plane(), torch::zeros({2}), torch::ones({2}));
  const IndependenceJump jump(q, 0.1);
  const Mala mala({});
  auto state = mala.init(random.normal({1000, 2}, torch::kDouble));
  auto info = mala.step(energy, Euclidean(2), state, random, 1);
  const auto before = state.positions;
  info = jump.step(energy, Euclidean(2), state, random, 1);
  EXPECT_EQ(info.gradient_evaluations, 100);
  EXPECT_EQ(info.energy_evaluations, 0);
  EXPECT_EQ(info.log_importance.size(0), 100);
  const auto moved = (state.positions != before).any(1).sum().item<std::int64_t>();
  EXPECT_GT(moved, 0);
  EXPECT_LE(moved, 100);
  EXPECT_LT(distance(state.energy(), energy.forward(state.positions)), 1e-12);
  EXPECT_LT(distance(state.gradient(), energy.gradient(state.positions)), 1e-12);
  auto bare = jump.init(before);
  info = jump.step(energy, Euclidean(2), bare, random, 1);
  EXPECT_EQ(info.energy_evaluations, 200);
  EXPECT_EQ(info.gradient_evaluations, 0);
}

TEST(IndependenceJump, IsTheSameBitsForEveryNumberOfThreads) {
  std::vector<torch::Tensor> ends;
  with_each_number_of_threads([&](int) {
    TwoModes energy(2);
    Random random(3, "chains");
    const SamplerContext context{plane(), random.normal({3000, 2}, torch::kDouble), random};
    const IndependenceJump jump(context, {.share = 0.9});
    auto state = jump.init(random.normal({3001, 2}, torch::kDouble));
    for (int i = 0; i < 3; ++i) jump.step(energy, Euclidean(2), state, random, 1);
    ends.push_back(state.positions);
  });
  for (const auto& end : ends) EXPECT_TRUE(torch::equal(end, ends[0]));
}

}  // namespace
}  // namespace ebm::testing
