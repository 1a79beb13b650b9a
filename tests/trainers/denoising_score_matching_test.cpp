#include "dualebm/trainers/denoising_score_matching.hpp"

#include <ATen/ATen.h>

#include "dualebm/models/gaussian.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"
#include "tests/trainers/gradients.hpp"

namespace ebm::testing {
namespace {

// λ = 4, μ = 1 at x = 0, ξ = 1, σ = 0.5, σ_0 = 0.25: x̃ = 0.5 and ∇E(x̃) = -2, x - x̃ + σ_0² ∇E = -0.5 -
// 0.125, its square over σ² is 1.5625, times 1/(2 σ_0²) = 8.
TEST(DenoisingScore, OfOnePointByHand) {
  Gaussian energy(on_euclidean(1, torch::kDouble), {.mean = {1}, .deviation = {0.5}});
  const auto one = torch::ones({1, 1}, torch::kDouble);
  const auto found = denoising_score_objective(energy, 0 * one, one, 0.5 * one[0], 0.25);
  EXPECT_NEAR(found.item<double>(), 8 * 0.625 * 0.625 / 0.25, 1e-14);
}

// One level is Vincent's ½ E|∇E(x̃) - (x̃ - x)/σ²|²: with x̃ = x + σξ on points of deviation s about the
// mean, ½ [λ² (s² + σ²) - 2λ + 1/σ²].
TEST(DenoisingScore, OfOneLevelOnAGaussianIsItsClosedForm) {
  constexpr double s = 0.7, sigma = 0.4, lambda = 1 / (0.9 * 0.9);
  Gaussian energy(on_euclidean(1, torch::kDouble), {.mean = {0}, .deviation = {0.9}});
  Random random(1, "points");
  const auto found = mean_of(50, [&] {
    const auto x = s * random.normal({20'000, 1}, torch::kDouble);
    const auto noise = random.normal({20'000, 1}, torch::kDouble);
    return denoising_score_objective(energy, x, noise, torch::full({20'000}, sigma, torch::kDouble), sigma)
        .detach();
  });
  const double expected =
      0.5 * (lambda * lambda * (s * s + sigma * sigma) - 2 * lambda + 1 / (sigma * sigma));
  EXPECT_LT(found.deviation(torch::tensor(expected, torch::kDouble)), 4);
  EXPECT_LT(found.standard_error.item<double>() / expected, 2e-3);
}

TEST(DenoisingScore, LadderIsGeometricFromLowToHigh) {
  const auto expected = torch::tensor({0.1, 0.2, 0.4, 0.8}, torch::kDouble);
  EXPECT_LT(distance(geometric_ladder(0.1, 0.8, 4), expected), 1e-15);
}

/// The gradient of the log-precision of N(0, 1/λ) when λ is where J is least on points of deviation s, and a
/// little beside it.
Estimate slope_at(double log_precision, const DenoisingScoreMatching::Options& options) {
  const auto energy = std::make_shared<Gaussian>(
      on_euclidean(1, torch::kDouble), Gaussian::Options{.deviation = {std::exp(-log_precision / 2)}});
  const auto data = torch::tensor({{-0.5}, {0.5}}, torch::kDouble).repeat({5000, 1});
  DenoisingScoreMatching trainer(context_of(energy, std::make_shared<Euclidean>(1), data), options);
  return mean_of(60, [&] {
    gradient_of(trainer, data);
    return energy->named_parameters()["log_precision"].grad();
  });
}

// s = 0.5: one level rests at 1/(s² + σ²), a ladder at 1/(σ_0² (1 + s² E[1/σ²])). The slope is zero there and
// has the sign of a minimum 10 % to either side.
TEST(DenoisingScoreMatching, RestsAtThePrecisionOfTheSmoothedData) {
  const double square = geometric_ladder(0.2, 0.8, 3).pow(-2).mean().item<double>();
  const std::vector<std::pair<DenoisingScoreMatching::Options, double>> cases = {
      {{.noise = 0.3}, 1 / (0.25 + 0.09)},
      {{.noise = 0.3, .levels = 3, .noise_low = 0.2, .noise_high = 0.8}, 1 / (0.09 * (1 + 0.25 * square))}};
  for (const auto& [options, precision] : cases) {
    const auto zero = torch::zeros({1}, torch::kDouble);
    EXPECT_LT(slope_at(std::log(precision), options).deviation(zero), 4) << options.levels;
    const auto above = slope_at(std::log(1.1 * precision), options),
               below = slope_at(std::log(0.9 * precision), options);
    EXPECT_GT(above.mean.item<double>(), 5 * above.standard_error.item<double>()) << options.levels;
    EXPECT_LT(below.mean.item<double>(), -5 * below.standard_error.item<double>()) << options.levels;
  }
}

TEST(DenoisingScoreMatching, WhatCannotBeIsRefused) {
  Random random(10, "score_matching_test");
  const auto make = [&](const std::shared_ptr<Energy>& energy, const std::shared_ptr<Domain>& domain,
                        const DenoisingScoreMatching::Options& options) {
    const auto x = domain->sample_base(5, random, torch::kDouble);
    return user_error([&] { DenoisingScoreMatching(context_of(energy, domain, x), options); });
  };
  const auto smooth = softplus_energy(3, 4, 1);
  const auto plane = std::make_shared<Euclidean>(3);
  expect_contains(make(smooth, std::make_shared<Sphere>(3), {}), "which leaves the domain sphere");
  const auto relu =
      std::make_shared<Shallow>(on_sphere(3, torch::kDouble, random), Shallow::Options{.neurons = 4});
  expect_contains(make(relu, plane, {}), "needs a smooth one");
  expect_contains(make(smooth, plane, {.levels = 3}), "give its ends noise_low and noise_high");
  expect_contains(make(smooth, plane, {.levels = 3, .noise_low = 0.1}), "give its ends");
  expect_contains(make(smooth, plane, {.noise_low = 0.1, .noise_high = 1.0}), "give levels > 1");
  expect_contains(make(smooth, plane, {.levels = 3, .noise_low = 1.0, .noise_high = 0.1}),
                  "noise_low 1 must be below noise_high 0.1");
}

}  // namespace
}  // namespace ebm::testing
