#include "dualebm/framework/problem/quadrature.hpp"

#include <ATen/ATen.h>

#include <array>
#include <cmath>

#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

double monomial_error(std::int64_t count, std::int64_t degree) {
  const auto [nodes, weights] = gauss_legendre(count);
  const double exact = degree % 2 == 0 ? 2.0 / static_cast<double>(degree + 1) : 0.0;
  return std::abs(weights.dot(nodes.pow(degree)).item<double>() - exact);
}

TEST(GaussLegendre, IsExactUpToDegreeTwoNMinusOne) {
  for (const std::int64_t count : {1, 2, 3, 5, 8, 20}) {
    for (std::int64_t degree = 0; degree < 2 * count; ++degree) {
      EXPECT_LT(monomial_error(count, degree), 1e-14) << count << " nodes, degree " << degree;
    }
  }
}

// The error at degree 2n is 2^(2n+1) n!^4 / ((2n+1) (2n)!²): 2.9e-3 for n = 5. A rule that is exact there is
// none.
TEST(GaussLegendre, IsNotExactAtDegreeTwoN) {
  EXPECT_NEAR(monomial_error(1, 2), 2.0 / 3, 1e-14);
  EXPECT_NEAR(monomial_error(5, 10), std::pow(2, 11) * std::pow(120, 4) / (11 * std::pow(3628800, 2)), 1e-14);
}

TEST(GaussLegendre, WeightsArePositiveAndSumToTwo) {
  for (const std::int64_t count : {1, 2, 17, 100, 1000}) {
    const auto [nodes, weights] = gauss_legendre(count);
    EXPECT_NEAR(weights.sum().item<double>(), 2, 1e-13) << count;
    EXPECT_GT(weights.min().item<double>(), 0) << count;
    EXPECT_LT(nodes.abs().max().item<double>(), 1) << count;
  }
  expect_contains(user_error([] { gauss_legendre(0); }), "must be positive");
}

TEST(GaussLegendre, IsSymmetric) {
  const auto [nodes, weights] = gauss_legendre(31);
  EXPECT_LT(distance(nodes, -nodes.flip(0)), 1e-15);
  EXPECT_LT(distance(weights, weights.flip(0)), 1e-15);
}

// A mesh with both ends of the circle, or with the poles, counts those nodes twice.
TEST(SphereQuadrature, HasNoDoubledNodeAndNoneOnAPole) {
  const auto rule = sphere_quadrature(12, 24);
  ASSERT_EQ(rule.points.sizes(), (torch::IntArrayRef{12 * 24, 3}));
  auto gaps = torch::cdist(rule.points, rule.points);
  gaps.fill_diagonal_(2);
  EXPECT_GT(gaps.min().item<double>(), 0.01);
  EXPECT_LT(rule.points.select(1, 2).abs().max().item<double>(), 1 - 1e-3);
  EXPECT_LT((rule.points.norm(2, 1) - 1).abs().max().item<double>(), 1e-15);
}

TEST(SphereQuadrature, IntegratesMonomials) {
  const auto rule = sphere_quadrature(10, 20);
  const auto mean = [&](int i, int j, int k) {
    const auto p = rule.points;
    return rule.weights.dot(p.select(1, 0).pow(i) * p.select(1, 1).pow(j) * p.select(1, 2).pow(k))
        .item<double>();
  };
  EXPECT_NEAR(mean(0, 0, 0), 1, 1e-14);
  for (const auto& [i, j, k] : {std::array{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 1, 0}, {1, 0, 1}, {0, 3, 1}}) {
    EXPECT_NEAR(mean(i, j, k), 0, 1e-14) << i << j << k;
  }
  for (const auto& [i, j, k] : {std::array{2, 0, 0}, {0, 2, 0}, {0, 0, 2}}) {
    EXPECT_NEAR(mean(i, j, k), 1.0 / 3, 1e-14) << i << j << k;
    EXPECT_NEAR(mean(2 * i, 2 * j, 2 * k), 1.0 / 5, 1e-14) << i << j << k;
    EXPECT_NEAR(mean(2 - i, 2 - j, 2 - k), 1.0 / 15, 1e-14) << i << j << k;
  }
}

// log Z of E = -κ <μ, x> is log(sinh κ / κ), here with κ = 100 and log sinh κ = κ - log 2 to the last digit.
TEST(SphereQuadrature, KnowsTheNormaliserOfASharpPeakInEveryDirection) {
  const auto rule = sphere_quadrature(100, 200);
  const double kappa = 100, exact = kappa - std::log(2 * kappa);
  for (const std::vector<double>& mean :
       {std::vector<double>{0, 0, 1}, std::vector<double>{0, 0, -1}, std::vector<double>{1, 0, 0},
        std::vector<double>{0, -1, 0}, std::vector<double>{-0.48, 0.6, 0.64}}) {
    const auto energy = -kappa * rule.points.matmul(torch::tensor(mean, torch::kDouble));
    EXPECT_NEAR(rule.log_integral(energy), exact, 1e-10) << mean[0] << ' ' << mean[1] << ' ' << mean[2];
  }
}

// exp(±1e4) is out of range in double.
TEST(Quadrature, LogIntegralIsStableForLargeEnergies) {
  const auto rule = sphere_quadrature(10, 20);
  const auto energy = rule.points.select(1, 0);
  const double reference = rule.log_integral(energy);
  EXPECT_NEAR(reference, std::log(std::sinh(1.0)), 1e-12);
  for (const double shift : {1e4, -1e4}) {
    EXPECT_NEAR(rule.log_integral(energy + shift), reference - shift, 1e-10);
    EXPECT_LT(distance(rule.gibbs(energy + shift), rule.gibbs(energy)), 1e-12);
  }
  // Four nodes share the largest term, and the next is smaller by more than exp(-100).
  const double largest = -1e4 * energy.min().item<double>();
  const double weight = rule.weights[energy.argmin()].item<double>();
  EXPECT_NEAR(rule.log_integral(1e4 * energy), largest + std::log(4 * weight), 1e-9);
}

TEST(Quadrature, GibbsIsTheNormalisedDensity) {
  const auto rule = sphere_quadrature(20, 40);
  const auto law = rule.gibbs((-5 * rule.points.select(1, 2)).to(torch::kFloat));
  EXPECT_EQ(law.scalar_type(), torch::kDouble);
  EXPECT_NEAR(law.sum().item<double>(), 1, 1e-13);
  // The mean of von Mises-Fisher is coth κ - 1/κ; energies rounded to float are good for 1e-6.
  EXPECT_NEAR(law.dot(rule.points.select(1, 2)).item<double>(), 1 / std::tanh(5.0) - 0.2, 1e-6);
}

// The midpoint rule integrates a Gaussian that dies down inside the cube to exp(-2 (π σ / h)²): 5e-9 for σ =
// h, and 4e-2 for σ = 0.4 h, where the rule must not be better than that.
TEST(CubeQuadrature, IntegratesAGaussianSpectrally) {
  for (const std::int64_t d : {1, 2}) {
    const auto rule = cube_quadrature(d, 40, 10);  // h = 0.5
    EXPECT_NEAR(rule.weights.sum().item<double>(), std::pow(20, d), 1e-10);
    const auto error = [&](double sigma) {
      const auto energy = (rule.points - 0.1).square().sum(1) / (2 * sigma * sigma);
      const double exact = static_cast<double>(d) * std::log(sigma * std::sqrt(2 * M_PI));
      return std::abs(rule.log_integral(energy) - exact);
    };
    EXPECT_LT(error(0.5), 2e-8) << d;
    EXPECT_GT(error(0.2), 1e-3) << d;
  }
}

// A wrong order of the axes or a node at the border shows in the first two moments of the points.
TEST(CubeQuadrature, NodesAreTheMiddlesOfCells) {
  const auto rule = cube_quadrature(2, 4, 2);
  EXPECT_EQ(rule.points.size(0), 16);
  EXPECT_LT(rule.points.mean(0).abs().max().item<double>(), 1e-15);
  EXPECT_NEAR(rule.points.max().item<double>(), 1.5, 1e-15);
  EXPECT_LT(distance(rule.points.t().matmul(rule.points) / 16, 1.25 * torch::eye(2, torch::kDouble)), 1e-14);
}

}  // namespace
}  // namespace ebm::testing
