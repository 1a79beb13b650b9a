#include "dualebm/framework/problem/adaptive_quadrature.hpp"

#include <ATen/ATen.h>

#include <array>
#include <cmath>

#include "dualebm/framework/problem/cell_index.hpp"
#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/models/von_mises_fisher.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

using Energies = std::function<torch::Tensor(const torch::Tensor&)>;

AdaptiveQuadrature refine(const Atlas& atlas, const Energies& energy, double tolerance,
                          std::int64_t most_nodes = 1 << 20, const torch::Tensor& probes = {}) {
  return integrate(
      atlas, [&](const torch::Tensor& x) { return -energy(x).unsqueeze(1); },
      {.tolerance = tolerance, .most_nodes = most_nodes}, probes);
}

double log_integral(const AdaptiveQuadrature& rule, const Energies& energy) {
  return rule.fine.log_integral(energy(rule.fine.points));
}

/// Expects log ∫ exp(-E) to be `exact` within what the rule says of itself, and that within the tolerance.
/// The arithmetic itself is good for some units in the last place of the largest energy.
void expect_integral(const AdaptiveQuadrature& rule, const Energies& energy, double exact, double tolerance,
                     const std::string& what) {
  EXPECT_TRUE(rule.reached) << what << ": " << rule.verdict();
  EXPECT_LE(rule.error, tolerance) << what;
  EXPECT_NEAR(log_integral(rule, energy), exact, rule.error + 1e-13 * (1 + std::abs(exact))) << what;
}

torch::Tensor turned(const std::vector<double>& direction) {
  const auto mean = torch::tensor(direction, torch::kDouble);
  return mean / mean.norm();
}

// log Z of E = -κ <μ, x> on S² is log(sinh κ / κ). At κ = 1e6 the peak is a thousandth of a radian
// wide; at the corner of a cube, on an edge and on a face it meets three charts, two and one: the rule,
// turned about, says the same.
TEST(AdaptiveQuadrature, KnowsVonMisesFisherToAMillionInEveryDirection) {
  const SphereAtlas atlas(3);
  for (const double kappa : {0.1, 1., 10., 100., 1e3, 1e4, 1e5, 1e6}) {
    const double exact = kappa + std::log1p(-std::exp(-2 * kappa)) - std::log(2 * kappa);
    for (const auto& direction :
         {std::vector<double>{1, 1, 1}, {1, 1, 0}, {0, 0, -1}, {0.3, -0.5, 0.81}, {1, 1e-3, -1e-3}}) {
      const auto mean = turned(direction);
      const Energies energy = [&](const torch::Tensor& x) { return -kappa * x.matmul(mean); };
      for (const double tolerance : {1e-3, 1e-7}) {
        expect_integral(refine(atlas, energy, tolerance), energy, exact, tolerance,
                        fmt::format("kappa {:g}, {} {} {}", kappa, direction[0], direction[1], direction[2]));
      }
    }
  }
}

TEST(AdaptiveQuadrature, KnowsVonMisesFisherOnTheCircleAndOnSpheresOfThreeDimensions) {
  for (const std::int64_t d : {2, 4}) {
    const SphereAtlas atlas(d);
    const auto mean = turned(std::vector<double>{0.6, 0.8, -0.3, 0.2}).narrow(0, 0, d);
    for (const double kappa : {1., 30., 1000.}) {
      const double concentration = kappa * mean.norm().item<double>();
      const Energies energy = [&](const torch::Tensor& x) { return -kappa * x.matmul(mean); };
      const double tolerance = d == 2 ? 1e-9 : 1e-3;
      expect_integral(refine(atlas, energy, tolerance), energy,
                      log_von_mises_fisher_normalizer(d, concentration), tolerance,
                      fmt::format("d {}, kappa {:g}", d, kappa));
    }
  }
}

// Means a thousand away, deviations from a thousandth to a thousand in correlated directions, and a density
// twenty times as narrow as the data: no window is asked for.
TEST(AdaptiveQuadrature, KnowsGaussiansWhereverTheyLie) {
  Random random(2, "gaussians");
  for (const std::int64_t d : {1, 2, 3}) {
    const auto scales = torch::tensor({1e-3, 1., 1e3}, torch::kDouble).narrow(0, 0, d);
    const auto turn = std::get<0>(at::linalg_qr(random.normal({d, d}, torch::kDouble)));
    const auto centre = 1000 + torch::arange(d, torch::kDouble);
    const auto data = (random.normal({500, d}, torch::kDouble) * scales).matmul(turn) + centre;
    for (const double narrow : {1., 0.05}) {
      const Energies energy = [&](const torch::Tensor& x) {
        return ((x - centre).matmul(turn.t()) / (narrow * scales)).square().sum(1) / 2;
      };
      const double exact =
          static_cast<double>(d) * std::log(narrow * std::sqrt(2 * M_PI)) + scales.log().sum().item<double>();
      const double tolerance = d == 3 ? 1e-3 : 1e-6;
      expect_integral(refine(SpaceAtlas(data, 1), energy, tolerance), energy, exact, tolerance,
                      fmt::format("d {}, narrow {}", d, narrow));
    }
  }
}

TEST(AdaptiveQuadrature, KnowsABoxWithItsMass) {
  const auto lower = torch::tensor({-1., 2.}, torch::kDouble),
             upper = torch::tensor({3., 2.5}, torch::kDouble);
  const Energies energy = [](const torch::Tensor& x) { return 4 * x.select(1, 0) - 2 * x.select(1, 1); };
  const double exact =
      std::log((std::exp(4.) - std::exp(-12.)) / 4) + std::log((std::exp(5.) - std::exp(4.)) / 2);
  expect_integral(refine(BoxAtlas(lower, upper), energy, 1e-8), energy, exact, 1e-8, "volume");
  expect_integral(refine(BoxAtlas(lower, upper, 1), energy, 1e-8), energy, exact - std::log(2.0), 1e-8,
                  "probability");
}

// The kinks of a ReLU: halving gains a factor 4 there, no more, and the estimate stays on the safe side.
// ∫ exp(-κ max(z, 0)) dτ = ½ + (1 - exp(-κ)) / (2 κ).
TEST(AdaptiveQuadrature, IsHonestAcrossAKink) {
  const auto direction = turned({0.2, 0.7, -0.4});
  const Energies energy = [&](const torch::Tensor& x) { return 8 * x.matmul(direction).clamp_min(0); };
  const double exact = std::log(0.5 + (1 - std::exp(-8.)) / 16);
  for (const double tolerance : {1e-3, 1e-5})
    expect_integral(refine(SphereAtlas(3), energy, tolerance), energy, exact, tolerance, "kink");
}

// Two modes of equal mass, one a ten-thousandth as wide: no node comes near it, but a datum does.
TEST(AdaptiveQuadrature, SeesWhatTheDataSee) {
  const auto place = torch::tensor({2., 1.}, torch::kDouble);
  const Energies energy = [&](const torch::Tensor& x) {
    return -torch::logaddexp(-x.square().sum(1) / 2, -(x - place).square().sum(1) / 2e-8 + 2 * std::log(1e4));
  };
  Random random(3, "modes");
  const auto data = torch::cat({random.normal({20, 2}, torch::kDouble), (place + 1e-5).unsqueeze(0)});
  const SpaceAtlas atlas(data, 1);
  expect_integral(refine(atlas, energy, 1e-6, 1 << 20, data), energy, std::log(4 * M_PI), 1e-6,
                  "with the data");
  EXPECT_NEAR(log_integral(refine(atlas, energy, 1e-6), energy), std::log(2 * M_PI), 1e-5)
      << "without them half of the mass is not seen: this test would show nothing";
}

// A density that does not die away has no integral: it is refused, whatever the nodes, and says so.
TEST(AdaptiveQuadrature, RefusesWhatHasNoIntegral) {
  const SpaceAtlas atlas(torch::zeros({1, 2}, torch::kDouble), 1);
  const auto flat = refine(
      atlas, [](const torch::Tensor& x) { return torch::zeros({x.size(0)}, torch::kDouble); }, 1e-3, 1 << 17);
  EXPECT_FALSE(flat.reached);
  EXPECT_GT(flat.error, 0.1);
  EXPECT_EQ(flat.needed, 0);
  expect_contains(flat.verdict(), "more do not help: the density does not die away");
  const auto trough = refine(
      atlas, [](const torch::Tensor& x) { return x.select(1, 1).abs(); }, 1e-3, 1 << 17);
  EXPECT_FALSE(trough.reached) << "along x it does not";
}

// With too few nodes it says how many it would take, to a factor that is good for advice; and that many do.
TEST(AdaptiveQuadrature, SaysWhatItWouldTake) {
  Random random(4, "many kinks");
  const auto z = random.normal({30, 3}, torch::kDouble);
  const Energies energy = [&](const torch::Tensor& x) { return x.matmul(z.t()).clamp_min(0).sum(1) / 3; };
  const auto few = refine(SphereAtlas(3), energy, 1e-5, 20'000);
  ASSERT_FALSE(few.reached);
  EXPECT_LE(few.evaluated, 20'000);
  ASSERT_GT(few.needed, 20'000);
  const auto many = refine(SphereAtlas(3), energy, 1e-5, 4 * few.needed);
  EXPECT_TRUE(many.reached) << many.verdict();
  EXPECT_NEAR(log_integral(many, energy), log_integral(few, energy), few.error);
}

// Every chart leads back to itself, and the pieces are the whole: area 1, volumes of boxes, moments.
TEST(Atlas, PlacesLeadBackAndDensitiesAddUp) {
  Random random(5, "atlas");
  for (const std::int64_t d : {2, 3, 4}) {
    const SphereAtlas atlas(d);
    const auto x = Sphere(d).sample_base(200, random, torch::kDouble);
    const auto place = atlas.place(x);
    EXPECT_LT(distance(atlas.image(place.chart, place.u).points, x), 1e-13) << d;
    EXPECT_LE(place.u.abs().max().item<double>(), 1) << d;
    const auto rule = rule_on(atlas, whole(atlas, 2), 8);
    EXPECT_NEAR(rule.weights.sum().item<double>(), 1, 1e-10) << d;
    const auto moments = rule.points.t().matmul(rule.weights.unsqueeze(1) * rule.points);
    EXPECT_LT(distance(moments, torch::eye(d, torch::kDouble) / static_cast<double>(d)), 1e-9) << d;
  }
  const auto data = random.normal({100, 3}, torch::kDouble) * 5 + 2;
  const SpaceAtlas space(data, 1);
  const auto place = space.place(data);
  EXPECT_LT(distance(space.image(place.chart, place.u).points, data), 1e-11);
}

TEST(Cells, HalvesCoverTheirCellOnce) {
  const SphereAtlas atlas(3);
  const auto cells = whole(atlas, 1);
  const auto halves = cells.halves();
  EXPECT_EQ(halves.count(), 4 * cells.count());
  EXPECT_NEAR(rule_on(atlas, halves, 6).weights.sum().item<double>(), 1, 1e-9);
  const auto by_cell = rule_on(atlas, cells, 12).weights.reshape({cells.count(), -1}).sum(1);
  const auto by_half = rule_on(atlas, halves, 12).weights.reshape({cells.count(), -1}).sum(1);
  EXPECT_LT(distance(by_cell, by_half), 1e-14);
  const CellIndex index(halves);
  Random random(6, "points");
  const auto place = atlas.place(Sphere(3).sample_base(50, random, torch::kDouble));
  for (std::int64_t i = 0; i < 50; ++i) {
    const auto row = index.find({place.chart.contiguous(), place.u.contiguous()}, i);
    ASSERT_GE(row, 0);
    EXPECT_EQ(halves.chart[row].item<std::int64_t>(), place.chart[i].item<std::int64_t>());
    const auto offset = place.u[i] - halves.lower[row];
    EXPECT_TRUE(offset.ge(0).logical_and(offset.le(0.5)).all().item<bool>());
  }
}

}  // namespace
}  // namespace ebm::testing
