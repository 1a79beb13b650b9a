#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <numbers>

#include "dualebm/framework/evaluation/evaluator.hpp"
#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/models/gaussian.hpp"
#include "dualebm/models/von_mises_fisher.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

VonMisesFisherMixture three_components(std::int64_t d, double concentration) {
  Random random(1, "closed_form_test");
  VonMisesFisherMixture energy(on_sphere(d, torch::kDouble, random),
                               {.components = 3, .concentration = concentration});
  const torch::NoGradGuard no_grad;
  auto parameters = energy.named_parameters();
  parameters["logits"].copy_(torch::tensor({0.3, -0.7, 1.1}, torch::kDouble));
  parameters["directions"].mul_(torch::tensor({{1.}, {0.6}, {1.3}}, torch::kDouble));
  return energy;
}

// Sums over a uniform grid of a smooth function that vanishes at the ends converge faster than any power.
TEST(Gaussian, LogNormalizerIsTheIntegral) {
  Gaussian energy(on_euclidean(2, torch::kDouble), {.mean = {0.5, -1}, .deviation = {0.4, 1.7}});
  const std::int64_t count = 400;
  const double width = 40, spacing = width / count;
  const auto axis = (torch::arange(count, torch::kDouble) - count / 2) * spacing;
  const auto grid = torch::stack({axis.repeat_interleave(count), axis.repeat({count})}, 1);
  const double log_integral = (-energy_at(energy, grid)).logsumexp(0).item<double>() + 2 * std::log(spacing);
  EXPECT_NEAR(*energy.log_normalizer(), log_integral, 1e-12);
}

TEST(Gaussian, OneNumberServesAllCoordinates) {
  Gaussian energy(on_euclidean(3, torch::kDouble), {.mean = {2}, .deviation = {0.5}});
  const auto x = torch::full({1, 3}, 3.0, torch::kDouble);
  EXPECT_NEAR(energy.forward(x).item<double>(), 3 * 0.5 * 4, 1e-14);
}

TEST(Gaussian, LowerBoundIsAttainedAtTheMean) {
  Gaussian energy(on_euclidean(2, torch::kDouble), {.mean = {0.5, -1}});
  EXPECT_EQ(energy.forward(torch::tensor({{0.5, -1.}}, torch::kDouble)).item<double>(),
            *energy.lower_bound());
}

TEST(Gaussian, WrongNumberOfMeansIsAnError) {
  const auto make = [] { Gaussian(on_euclidean(3, torch::kDouble), {.mean = {1, 2}}); };
  expect_contains(user_error(make), "mean needs 1 or 3 numbers, got 2");
}

// The rule on S² is exact to rounding for these: exp(130 t) is a polynomial of degree 100 to 1e-16.
TEST(VonMisesFisher, IntegratesToOneOnS2) {
  const auto rule = *Sphere(3).quadrature(150);
  for (const double concentration : {0.1, 5.0, 100.0}) {
    auto energy = three_components(3, concentration);
    EXPECT_NEAR(rule.log_integral(energy_at(energy, rule.points)), *energy.log_normalizer(), 1e-11)
        << concentration;
  }
}

TEST(VonMisesFisher, NormalizerInThreeDimensionsIsSinhOverKappa) {
  for (const double k : {1e-6, 0.1, 1.0, 5.0, 30.0, 100.0, 500.0, 5000.0}) {
    const double expected = k < 1e-3 ? k * k / 6 : k + std::log(-std::expm1(-2 * k)) - std::log(2 * k);
    EXPECT_NEAR(log_von_mises_fisher_normalizer(3, k), expected, 1e-14 * (10 + k)) << k;
  }
}

TEST(VonMisesFisher, NormalizerInTwoDimensionsIsABesselFunction) {
  for (const double k : {0.0, 0.1, 1.0, 5.0, 30.0, 100.0, 500.0}) {
    EXPECT_NEAR(log_von_mises_fisher_normalizer(2, k), std::log(std::cyl_bessel_i(0.0, k)), 1e-13 * (1 + k))
        << k;
  }
}

// Under τ the coordinate t has density proportional to (1 - t²)^{(d-3)/2}, for d = 15 a polynomial.
TEST(VonMisesFisher, NormalizerInFifteenDimensionsIsAnIntegralOverOneCoordinate) {
  const auto [t, weight] = gauss_legendre(200);
  const auto density = weight * (1 - t.square()).pow(6);
  for (const double k : {0.1, 1.0, 5.0, 30.0, 100.0}) {
    const double ratio = ((k * (t - 1)).exp().dot(density) / density.sum()).item<double>();
    EXPECT_NEAR(log_von_mises_fisher_normalizer(15, k), k + std::log(ratio), 1e-12) << k;
  }
}

// Hankel's expansion of I_ν (Abramowitz & Stegun 9.7.1) to three terms; the fourth is (ν²/κ)³ / 48, below
// 2e-12.
TEST(VonMisesFisher, NormalizerOfAVerySharpDensity) {
  const double k = 1e4;
  for (const std::int64_t d : {2, 3, 15}) {
    const double order = 0.5 * static_cast<double>(d) - 1, mu = 4 * order * order;
    const double series = 1 - (mu - 1) / (8 * k) + (mu - 1) * (mu - 9) / (2 * 64 * k * k) -
                          (mu - 1) * (mu - 9) * (mu - 25) / (6 * 512 * k * k * k);
    const double expected = std::lgamma(order + 1) + order * std::log(2 / k) + k -
                            0.5 * std::log(2 * std::numbers::pi * k) + std::log(series);
    EXPECT_NEAR(log_von_mises_fisher_normalizer(d, k), expected, 2e-10) << d;
  }
}

// In operators, as a CUDA device computes it, on both sides of κ = (d - 2)², where the series ends. In high
// dimension Hankel's expansion is asked for only where it holds. The slope is what training goes by.
TEST(VonMisesFisher, NormalizersInOperatorsAreTheScalarOnesInEveryDimension) {
  for (const std::int64_t d : {2, 3, 15, 60, 150}) {
    const auto kappa =
        torch::tensor({1e-3, 0.1, 5.0, 100.0, 900.0, 1100.0, 3000.0, 2.0e4, 2.5e4, 1e6}, torch::kDouble)
            .requires_grad_(true);
    const auto value = log_von_mises_fisher_normalizers(kappa, d);
    const auto slope = torch::autograd::grad({value.sum()}, {kappa})[0];
    for (std::int64_t i = 0; i < kappa.size(0); ++i) {
      const double k = kappa[i].item<double>();
      EXPECT_NEAR(value[i].item<double>(), log_von_mises_fisher_normalizer(d, k), 1e-11 * (10 + k))
          << d << " " << k;
      EXPECT_NEAR(slope[i].item<double>(), von_mises_fisher_mean_length(d, k), 1e-8) << d << " " << k;
    }
    // A parameter in single precision gets the digits that it can hold, not those of a series in single.
    EXPECT_NEAR(log_von_mises_fisher_normalizers(torch::full({1}, 900.0F), d).item<double>(),
                log_von_mises_fisher_normalizer(d, 900), 1e-4);
  }
}

// A run that diverges comes by here, and has to end with an error instead of a loop over the terms of a
// series.
TEST(VonMisesFisher, NormalizerOfADivergedRunIsTakenAtOnce) {
  for (const double k : {1e8, 1e12, 1e20, 1e200}) {
    ASSERT_NEAR(log_von_mises_fisher_normalizer(3, k) / (k - std::log(2 * k)), 1, 1e-12) << k;
    ASSERT_NEAR(von_mises_fisher_mean_length(3, k), 1 - 1 / k, 1e-12) << k;
  }
}

// Centred differences: error h² f'''/6 near 1e-10 for small κ, rounding 1e-16 κ/h below 1e-8 for large.
TEST(VonMisesFisher, MeanLengthIsTheSlopeOfTheNormalizer) {
  for (const std::int64_t d : {2, 3, 15}) {
    for (const double k : {0.1, 1.0, 5.0, 30.0, 100.0, 1e4}) {
      const double h = 1e-4 * std::sqrt(k);
      const double slope =
          (log_von_mises_fisher_normalizer(d, k + h) - log_von_mises_fisher_normalizer(d, k - h)) / (2 * h);
      EXPECT_NEAR(von_mises_fisher_mean_length(d, k), slope, 2e-8) << "d " << d << ", concentration " << k;
    }
  }
}

TEST(VonMisesFisher, MeanLengthInThreeDimensionsIsLangevinsFunction) {
  for (const double k : {0.1, 1.0, 5.0, 30.0}) {
    EXPECT_NEAR(von_mises_fisher_mean_length(3, k), 1 / std::tanh(k) - 1 / k, 1e-13) << k;
  }
}

// The normaliser is no graph of tensors but a tangent put in by hand: forgotten, the energy would sink for
// ever.
TEST(VonMisesFisher, ParameterGradientsAgreeWithCentralDifferences) {
  const double h = 1e-6;
  auto energy = three_components(4, 3);
  Random random(2, "points");
  const auto x = Sphere(4).sample_base(9, random, torch::kDouble);
  const auto weight = random.normal({9}, torch::kDouble);
  energy.accumulate_gradient(x, weight);
  const torch::NoGradGuard no_grad;
  for (auto& parameter : energy.parameters()) {
    const auto direction = random.normal(parameter.sizes(), torch::kDouble);
    const auto start = parameter.clone();
    parameter.copy_(start + h * direction);
    const auto above = energy.forward(x).dot(weight);
    parameter.copy_(start - h * direction);
    const auto below = energy.forward(x).dot(weight);
    parameter.copy_(start);
    EXPECT_LT(distance((parameter.grad() * direction).sum(), (above - below) / (2 * h)), 1e-8);
  }
}

TEST(VonMisesFisher, LowerBoundHoldsOnAMillionPoints) {
  Random random(3, "points");
  for (const std::int64_t d : {2, 3, 15}) {
    auto energy = three_components(d, 5);
    const auto x = Sphere(d).sample_base(1'000'000 / d, random, torch::kDouble);
    EXPECT_GE(energy_at(energy, x).min().item<double>(), *energy.lower_bound());
  }
}

TEST(VonMisesFisher, LowerBoundOfOneComponentIsAttainedAtItsMean) {
  Random random(4, "closed_form_test");
  VonMisesFisherMixture energy(on_sphere(3, torch::kDouble, random),
                               {.concentration = 7, .means = {{1, 2, -2}}});
  const auto mean = torch::tensor({{1., 2., -2.}}, torch::kDouble) / 3;
  EXPECT_NEAR(energy.forward(mean).item<double>(), *energy.lower_bound(), 1e-12);
}

TEST(VonMisesFisher, MeansOfTheWrongLengthAreAnError) {
  Random random(5, "closed_form_test");
  const auto make = [&] {
    VonMisesFisherMixture(on_sphere(3, torch::kDouble, random), {.means = {{1, 0, 0}, {1, 0}}});
  };
  expect_contains(user_error(make), "means[1] needs 3 numbers, got 2");
}

}  // namespace
}  // namespace ebm::testing
