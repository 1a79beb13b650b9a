#include <ATen/ATen.h>

#include <cmath>

#include "dualebm/framework/problem/box.hpp"
#include "dualebm/models/bumps.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// Points on a great circle through (1, 0, 0) with this slope to the equator, a degree thick.
torch::Tensor fault(std::int64_t count, double slope, Random& random) {
  const auto along = random.uniform({count}, torch::kDouble) - 0.5,
             across = 0.01 * random.normal({count}, torch::kDouble);
  const auto y = along * std::cos(slope) - across * std::sin(slope),
             z = along * std::sin(slope) + across * std::cos(slope);
  return Sphere(3).retract(torch::stack({torch::ones_like(y), y, z}, 1));
}

// The ellipse of a bump is that of the points around it: along the fault, as long as asked for, and an energy
// of its centre falls by exp(-½) a width away across and ρ widths away along.
TEST(EllipticBumps, LieAlongTheData) {
  const auto sphere = std::make_shared<Sphere>(3);
  for (const double slope : {0., 0.7, 2.}) {
    Random random(4, "fault");
    const auto points = fault(400, slope, random);
    constexpr double kappa = 2500, rho = 4;
    Bumps energy({sphere, torch::kDouble, random, points},
                 Bumps::EllipticOptions{.concentrations = {kappa}, .elongation = rho});
    const auto buffers = energy.named_buffers();
    const auto taken = buffers["heights"] > 0;
    const auto axes = buffers["axes"].index({taken}), centres = buffers["centres"].index({taken});
    ASSERT_GT(axes.size(0), 10);
    const auto direction = torch::tensor({0., std::cos(slope), std::sin(slope)}, torch::kDouble);
    const auto tangent = sphere->to_tangent(centres, direction.expand_as(centres));
    const auto alignment = ((axes * tangent).sum(1) / (axes.norm(2, 1) * tangent.norm(2, 1))).abs();
    EXPECT_GT(alignment.median().item<double>(), std::cos(0.06)) << slope;
    // The fault is half a width thick and eight half widths long in reach: as long as allowed.
    const auto ratio = (1 - axes.square().sum(1)).rsqrt();
    EXPECT_LE(ratio.max().item<double>(), rho * (1 + 1e-9));
    EXPECT_GT(ratio.median().item<double>(), 0.9 * rho);

    const torch::NoGradGuard no_grad;
    energy.named_parameters()["coefficients"].zero_()[0] = 1;
    const auto c = centres[0], u = axes[0] / axes[0].norm(), v = at::cross(c, u);
    const double width = 1 / std::sqrt(kappa), long_ratio = ratio[0].item<double>();
    const auto at = [&](const torch::Tensor& place) {
      return -energy.forward(place.unsqueeze(0)).item<double>();
    };
    EXPECT_NEAR(at(c), 1, 1e-12);
    // Places in the tangent plane, which a Gaussian bump knows as well as the sphere.
    EXPECT_NEAR(at(c + width * v), std::exp(-0.5), 1e-9);
    EXPECT_NEAR(at(c + width * long_ratio * u), std::exp(-0.5), 1e-9);
  }
}

// Kent's density to the second order at the centre: κ and β of its docstring.
TEST(EllipticBumps, AreKentsDensityNearTheirCentres) {
  Random random(4, "fault");
  const auto sphere = std::make_shared<Sphere>(3);
  Bumps energy({sphere, torch::kDouble, random, fault(400, 0.3, random)},
               Bumps::EllipticOptions{.concentrations = {900}, .elongation = 3});
  const auto axis = energy.named_buffers()["axes"][0], c = energy.named_buffers()["centres"][0];
  const auto u = axis / axis.norm(), v = at::cross(c, u);
  const double inverse_square = 1 - axis.square().sum().item<double>();
  const double kappa = 900 * (1 + inverse_square) / 2, beta = 900 * (1 - inverse_square) / 4;
  EXPECT_GT(beta, 0.1 * kappa);
  EXPECT_LT(2 * beta, kappa);
  const torch::NoGradGuard no_grad;
  energy.named_parameters()["coefficients"].zero_()[0] = 1;
  for (const auto& direction : {u, v, (u + v) / std::sqrt(2.), (u - 2 * v) / std::sqrt(5.)}) {
    constexpr double angle = 0.004;
    const auto x = std::cos(angle) * c + std::sin(angle) * direction;
    const double kent = kappa * (x.dot(c).item<double>() - 1) +
                        beta * (std::pow(x.dot(u).item<double>(), 2) - std::pow(x.dot(v).item<double>(), 2));
    const double own = std::log(-energy.forward(x.unsqueeze(0)).item<double>());
    EXPECT_NEAR(own, kent, 1e-4 * std::abs(kent)) << "of the fourth order they differ by 50 angle^4";
  }
}

// In few points, and where they lie all around, there is no direction to follow.
TEST(EllipticBumps, AreRoundWhereTheDataAre) {
  const auto sphere = std::make_shared<Sphere>(3);
  Random random(4, "fault");
  const auto few = fault(6, 0, random);
  Bumps alone({sphere, torch::kDouble, random, few}, Bumps::EllipticOptions{.concentrations = {100}});
  EXPECT_EQ(alone.named_buffers()["axes"].abs().max().item<double>(), 0);
  const auto everywhere = sphere->sample_base(4000, random, torch::kDouble);
  Bumps uniform({sphere, torch::kDouble, random, everywhere},
                Bumps::EllipticOptions{.concentrations = {100}, .elongation = 4});
  const auto axes = uniform.named_buffers()["axes"];
  // Of some 160 points in a disc: variances equal to some 10 %, ratios of lengths to half of that.
  EXPECT_LT((1 - axes.square().sum(1)).rsqrt().max().item<double>(), 1.4);
  Bumps round({sphere, torch::kDouble, random, everywhere},
              Bumps::EllipticOptions{.concentrations = {100}, .elongation = 1});
  EXPECT_EQ(round.named_buffers()["axes"].abs().max().item<double>(), 0);
}

TEST(EllipticBumps, ALineHasNoTwoDirections) {
  Random random(0, "line");
  const auto box = std::make_shared<Box>(std::vector<double>{0}, std::vector<double>{1});
  expect_contains(user_error([&] {
                    Bumps({box, torch::kDouble, random, torch::full({9, 1}, 0.5, torch::kDouble)},
                          Bumps::EllipticOptions{});
                  }),
                  "take gaussian_bumps");
}

// What one follows a fault with, the other needs many bumps for: fewer centres for the same data.
TEST(EllipticBumps, FewerOfThemCoverAFault) {
  const auto sphere = std::make_shared<Sphere>(3);
  Random random(4, "fault");
  const auto points = fault(2000, 0.5, random);
  const auto count = [](Bumps& energy) {
    return energy.named_buffers()["heights"].gt(0).sum().item<std::int64_t>();
  };
  Bumps round({sphere, torch::kDouble, random, points}, Bumps::Options{.concentrations = {2500}});
  Bumps elliptic({sphere, torch::kDouble, random, points}, Bumps::EllipticOptions{.concentrations = {2500}});
  EXPECT_LT(2 * count(elliptic), count(round));
}

}  // namespace
}  // namespace ebm::testing
