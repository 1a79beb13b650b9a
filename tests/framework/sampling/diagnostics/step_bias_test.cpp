#include "dualebm/framework/sampling/diagnostics/step_bias.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "dualebm/datasets/rejection.hpp"
#include "dualebm/framework/sampling/langevin.hpp"
#include "dualebm/models/gaussian.hpp"
#include "dualebm/models/von_mises_fisher.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

constexpr double h = 0.02;  // the default

std::shared_ptr<VonMisesFisherMixture> von_mises_fisher(double kappa) {
  Random unused(0, "unused");
  return std::make_shared<VonMisesFisherMixture>(
      on_sphere(3, torch::kDouble, unused),
      VonMisesFisherMixture::Options{.concentration = kappa, .means = {{0.6, 0, 0.8}}});
}

/// Concentration by the mean length of 20000 chains after a time of many relaxations from the mean direction;
/// half of them independent. On S² the mean length is coth κ - 1/κ, 1 - 1/κ to the last digit.
double concentration_of_chains(double kappa, const std::string& drift) {
  const auto energy = von_mises_fisher(kappa);
  const Sphere sphere(3);
  Random random(3, "chains");
  const Langevin chain({.step_size = h, .antithetic = false, .drift = drift});
  auto state = chain.init(torch::tensor({{0.6, 0., 0.8}}, torch::kDouble).repeat({20000, 1}));
  for (int t = 0; t < 60; ++t) chain.step(*energy, sphere, state, random, 1);
  return 1 / (1 - state.positions.mean(0).norm().item<double>());
}

// 1 - cos is exponential with mean 1/κ, so that κ has the standard error κ / sqrt(20000) = 0.7 %. The
// published step stands at κ (1 + hκ/2): 24 for 20, 200 for 100; the balanced one at κ. Beyond the
// leading order, 1/κ of it.
TEST(StepBias, OnTheSphereIsTheNormalPartOfTheDrift) {
  for (const double kappa : {20., 100.}) {
    EXPECT_NEAR(concentration_of_chains(kappa, "ambient") / (kappa * (1 + h * kappa / 2)), 1,
                0.021 + 1 / kappa)
        << kappa;
    EXPECT_NEAR(concentration_of_chains(kappa, "balanced") / kappa, 1, 0.021 + 0.5 / kappa) << kappa;
  }
  EXPECT_NEAR(concentration_of_chains(20, "tangent") / (20 * (1 - h * 10)), 1, 0.021 + 1 / 20.);
}

// What training makes of it: the model's κ at which the chains stand at the data's, κ (1 + hκ/2) = 20 and
// 100, is 14.6 % and 38.2 % low; the caution gives the same from the model alone.
TEST(StepBias, TellsByHowMuchAConcentrationComesOutLow) {
  const Sphere sphere(3);
  for (const auto& [data, low] : {std::pair(20., 0.146), std::pair(100., 0.382)}) {
    const double model = (std::sqrt(1 + 2 * h * data) - 1) / h;
    EXPECT_NEAR(1 - model / data, low, 5e-4);
    Random random(4, "particles");
    const auto energy = von_mises_fisher(model);
    const auto bias = step_bias(*energy, sphere, sample_by_rejection(*energy, sphere, 500, random), h);
    // The curvature is κ cos, within a tenth quantile of 1.
    EXPECT_NEAR(bias.curvature, model, 0.02 * model);
    EXPECT_NEAR(1 - 1 / (1 + bias.variance_error()), low, 0.01);
    EXPECT_FALSE(bias.flat);
    expect_contains(bias.caution(), fmt::format("about {:.0f} % too large", 100 * bias.variance_error()));
  }
}

// A deviation of 0.25 comes out as 0.89 of itself: the model's variance v with v (1 - h/2v)⁻¹ =
// 0.25². One of 0.19 has no fixed point, since 2h is more than its square; on the way there the
// model's own curvature passes 1/h.
TEST(StepBias, InThePlaneDeviationsShrinkAndSomeHaveNoFixedPoint) {
  const Euclidean plane(2);
  Random random(5, "particles");
  const auto bias_at = [&](double variance) {
    Gaussian energy(on_euclidean(2, torch::kDouble), {.mean = {0}, .deviation = {std::sqrt(variance), 1}});
    return step_bias(energy, plane, random.normal({300, 2}, torch::kDouble), h);
  };
  const double data = 0.25 * 0.25, model = data * (1 + std::sqrt(1 - 2 * h / data)) / 2;
  const auto bias = bias_at(model);
  EXPECT_NEAR(bias.curvature, 1 / model, 0.01 / model);
  EXPECT_NEAR(std::sqrt(1 - bias.variance_error()), 0.894, 0.002);
  expect_contains(bias.caution(), "about 20 % too small");
  ASSERT_LT(0.19 * 0.19, 2 * h);
  expect_contains(bias_at(h).caution(), "has no fixed point");
  EXPECT_EQ(bias_at(1).caution(), "") << "hλ/2 = 1 %";
}

// The chain itself, at λ = 16: variance (1/λ) / (1 - hλ/2), to 3 sqrt(2 / 40000) = 2.1 %.
TEST(StepBias, InThePlaneIsThatOfTheChain) {
  Gaussian energy(on_euclidean(2, torch::kDouble), {.mean = {0}, .deviation = {0.25}});
  Random random(6, "chains");
  const Langevin chain({.step_size = h, .antithetic = false});
  auto state = chain.init(torch::zeros({20000, 2}, torch::kDouble));
  for (int t = 0; t < 60; ++t) chain.step(energy, Euclidean(2), state, random, 1);
  const double variance = state.positions.square().mean().item<double>();
  EXPECT_NEAR(variance * 16 * (1 - h * 16 / 2), 1, 0.021);
}

// Looking changes nothing: neither the particles nor what the energy is.
TEST(StepBias, DrawsNothingAndChangesNothing) {
  const auto energy = von_mises_fisher(30);
  Random random(7, "particles");
  const auto particles = Sphere(3).sample_base(50, random, torch::kDouble), before = particles.clone();
  const auto first = step_bias(*energy, Sphere(3), particles, h),
             again = step_bias(*energy, Sphere(3), particles, h);
  EXPECT_EQ(first.curvature, again.curvature);
  EXPECT_TRUE(particles.equal(before));
}

}  // namespace
}  // namespace ebm::testing
