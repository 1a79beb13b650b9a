#include "dualebm/framework/problem/domain.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>

#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

constexpr double pi = std::numbers::pi;

torch::Tensor sphere_points(std::int64_t dimension, std::int64_t count = 50) {
  Random random(4, "points");
  return Sphere(dimension).sample_base(count, random, torch::kDouble);
}

/// The first rows of a matrix, as a kernel sees them.
Rows view_of(const torch::Tensor& x, std::int64_t count) {
  if (x.scalar_type() == torch::kDouble) return {x.data_ptr<double>(), count, x.size(1)};
  return {x.data_ptr<float>(), count, x.size(1)};
}

// Moments of a coordinate under τ: E x² = 1/d, E x⁴ = 3/(d(d+2)), E x⁸ = 105/(d(d+2)(d+4)(d+6)); bounds
// are 4.5 standard errors, since there are 12 coordinates. The fourth moment tells τ from a normalised cube.
TEST(Sphere, SampleHasTheMomentsOfTheUniformLaw) {
  constexpr std::int64_t count = 200000;
  for (const std::int64_t dimension : {2, 3, 7}) {
    const double d = static_cast<double>(dimension), root = std::sqrt(static_cast<double>(count));
    const auto x = sphere_points(dimension, count);
    const double second = 1 / d, fourth = 3 / (d * (d + 2)), eighth = 35 * fourth / ((d + 4) * (d + 6));
    EXPECT_LT(x.mean(0).abs().max().item<double>(), 4.5 * std::sqrt(second) / root);
    EXPECT_LT((x.square().mean(0) - second).abs().max().item<double>(),
              4.5 * std::sqrt(fourth - second * second) / root);
    EXPECT_LT((x.pow(4).mean(0) - fourth).abs().max().item<double>(),
              4.5 * std::sqrt(eighth - fourth * fourth) / root);
    EXPECT_LT((x.norm(2, 1) - 1).abs().max().item<double>(), 1e-14);
  }
}

TEST(Sphere, SampleHasTheShapeAndTypeAskedFor) {
  Random random(4, "points");
  const auto x = Sphere(4).sample_base(3, random, torch::kFloat);
  EXPECT_EQ(x.sizes(), (torch::IntArrayRef{3, 4}));
  EXPECT_EQ(x.scalar_type(), torch::kFloat);
}

TEST(Sphere, TangentProjectionIsOrthogonalAndIdempotent) {
  const Sphere sphere(5);
  const auto x = sphere_points(5);
  const auto v = Random(5, "vectors").normal({50, 5}, torch::kDouble);
  const auto tangent = sphere.to_tangent(x, v);
  EXPECT_LT((tangent * x).sum(1).abs().max().item<double>(), 1e-14);
  EXPECT_LT(distance(sphere.to_tangent(x, tangent), tangent), 1e-14);
  // What is taken away is radial, so a tangent vector stays whole.
  EXPECT_LT(distance(v - tangent, (v * x).sum(1, true) * x), 1e-14);
}

TEST(Sphere, RetractionKeepsTheDirectionAtLengthOne) {
  const auto y = 10 * Random(5, "vectors").normal({50, 5}, torch::kDouble);
  const auto x = Sphere(5).retract(y);
  EXPECT_LT((x.norm(2, 1) - 1).abs().max().item<double>(), 1e-15);
  EXPECT_LT(distance(x * y.norm(2, 1, true), y), 1e-13);
}

// In place a group of rows must not reach into the next; every remainder by every vector. Lengths of 1e25
// overflow in float: no zero may come of it.
TEST(Sphere, RowsInMemoryAreRetractedLikeTensors) {
  Random random(1, "rows");
  with_each_instruction_set([&](InstructionSet set) {
    for (const auto type : {torch::kDouble, torch::kFloat}) {
      for (std::int64_t d = 2; d < 40; ++d) {
        for (const std::int64_t count : {0, 1, 15, 16, 17, 50}) {
          const auto y = random.normal({count + 1, d}, type);
          const auto rows = y.clone();
          Sphere(d).retract_rows(view_of(rows, count));
          const auto expected = Sphere(d).retract(y.narrow(0, 0, count));
          const double precision = type == torch::kDouble ? 1e-15 : 5e-7;
          EXPECT_TRUE(at::allclose(rows.narrow(0, 0, count), expected, 0, precision))
              << to_string(set) << ", d = " << d;
          EXPECT_TRUE(torch::equal(rows[count], y[count])) << "the row behind";
        }
        const auto huge = torch::full({20, d}, 1e25, torch::kFloat);
        Sphere(d).retract_rows(view_of(huge, 20));
        EXPECT_FALSE(huge.isfinite().any().item<bool>());
      }
    }
  });
}

// What a domain without a kernel of its own does.
TEST(Domain, RetractsRowsByItsTensors) {
  const auto rows = sphere_points(3) * 7;
  const Sphere sphere(3);
  const auto expected = sphere.retract(rows);
  sphere.Domain::retract_rows(view_of(rows, rows.size(0)));
  EXPECT_TRUE(torch::equal(rows, expected));
}

TEST(Sphere, LogArea) {
  EXPECT_NEAR(Sphere(2).log_area(), std::log(2 * pi), 1e-14);
  EXPECT_NEAR(Sphere(3).log_area(), std::log(4 * pi), 1e-14);
  EXPECT_NEAR(Sphere(4).log_area(), std::log(2 * pi * pi), 1e-14);
}

// Spherical harmonics of degree l have eigenvalue -l(l + d - 2): -(d - 1) for x_k, -2d for x_0 x_1.
TEST(Sphere, LaplacianKnowsItsEigenfunctions) {
  for (const std::int64_t dimension : {2, 3, 6}) {
    const double d = static_cast<double>(dimension);
    const Sphere sphere(dimension);
    const auto x = sphere_points(dimension);
    for (std::int64_t k = 0; k < dimension; ++k) {
      auto gradient = torch::zeros_like(x);
      gradient.select(1, k).fill_(1);
      const auto hessian = torch::zeros({50, dimension, dimension}, torch::kDouble);
      EXPECT_LT(distance(sphere.laplacian(x, gradient, hessian), -(d - 1) * x.select(1, k)), 1e-13);
    }
    auto gradient = torch::zeros_like(x);
    gradient.select(1, 0).copy_(x.select(1, 1));
    gradient.select(1, 1).copy_(x.select(1, 0));
    auto hessian = torch::zeros({50, dimension, dimension}, torch::kDouble);
    hessian.select(1, 0).select(1, 1).fill_(1);
    hessian.select(1, 1).select(1, 0).fill_(1);
    EXPECT_LT(distance(sphere.laplacian(x, gradient, hessian), -2 * d * x.select(1, 0) * x.select(1, 1)),
              1e-13);
  }
}

// x_0 |x|² is x_0 on the sphere: ∇ = e_0 + 2 x_0 x, H = 2 (e_0 xᵀ + x e_0ᵀ) + 2 x_0 I there.
TEST(Sphere, LaplacianDoesNotDependOnTheExtension) {
  const auto x = sphere_points(4);
  const auto e = torch::eye(4, torch::kDouble)[0];
  const auto first = x.select(1, 0);
  const auto outer = e.view({1, 4, 1}) * x.unsqueeze(1);
  const auto hessian =
      2 * (outer + outer.transpose(1, 2)) + 2 * first.view({-1, 1, 1}) * torch::eye(4, torch::kDouble);
  EXPECT_LT(distance(Sphere(4).laplacian(x, e + 2 * first.unsqueeze(1) * x, hessian), -3 * first), 1e-13);
}

TEST(Sphere, HasAQuadratureInThreeDimensionsOnly) {
  const auto rule = Sphere(3).quadrature(6);
  ASSERT_TRUE(rule.has_value());
  EXPECT_EQ(rule->points.size(0), 6 * 12);
  EXPECT_FALSE(Sphere(2).quadrature(6).has_value());
  EXPECT_FALSE(Sphere(4).quadrature(6).has_value());
}

TEST(Sphere, NamesItsBaseMeasure) { EXPECT_EQ(Sphere(3).base_measure(), "τ, uniform on S^2"); }

TEST(Euclidean, SampleHasTheScale) {
  Random random(6, "points");
  constexpr double count = 100000;
  const auto x = Euclidean(2, 3.0).sample_base(100000, random, torch::kDouble);
  EXPECT_LT(x.mean(0).abs().max().item<double>(), 4 * 3 / std::sqrt(count));
  EXPECT_LT((x.square().mean(0) - 9).abs().max().item<double>(), 4 * 9 * std::sqrt(2 / count));
}

TEST(Euclidean, IsFlat) {
  const Euclidean space(3);
  Random random(6, "points");
  const auto x = random.normal({5, 3}, torch::kDouble), v = random.normal({5, 3}, torch::kDouble);
  const auto hessian = random.normal({5, 3, 3}, torch::kDouble);
  EXPECT_TRUE(torch::equal(space.to_tangent(x, v), v));
  EXPECT_TRUE(torch::equal(space.retract(x), x));
  EXPECT_LT(distance(space.laplacian(x, v, hessian), at::einsum("nii->n", {hessian})), 1e-14);
  EXPECT_EQ(space.log_area(), 0);
  EXPECT_FALSE(space.quadrature(10).has_value());
}

TEST(Domain, BadOptionsAreErrors) {
  expect_contains(user_error([] { Sphere(1); }), "at least 2");
  expect_contains(user_error([] { Euclidean(0); }), "at least 1");
  expect_contains(user_error([] { Euclidean(2, -1.0); }), "scale must be positive");
}

}  // namespace
}  // namespace ebm::testing
