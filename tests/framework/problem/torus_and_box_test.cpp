#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <memory>
#include <numbers>

#include "dualebm/framework/problem/box.hpp"
#include "dualebm/framework/problem/conformance.hpp"
#include "dualebm/framework/problem/domains.hpp"
#include "dualebm/framework/problem/product_domain.hpp"
#include "dualebm/framework/problem/torus.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

constexpr double half_turn = std::numbers::pi;

/// log I_0(κ) by its series.
double log_bessel(double kappa) {
  double sum = 1, term = 1;
  for (int k = 1; k < 200; ++k) sum += (term *= kappa * kappa / (4.0 * k * k));
  return std::log(sum);
}

double normal_mass(double low, double high) {
  return 0.5 * (std::erf(high / std::numbers::sqrt2) - std::erf(low / std::numbers::sqrt2));
}

std::vector<std::shared_ptr<const Domain>> domains() {
  const auto torus = std::make_shared<Torus>(std::vector<double>{360, 24});
  const auto box = std::make_shared<Box>(std::vector<double>{-1, 0, 5}, std::vector<double>{1, 3, 5.5});
  const auto line = std::make_shared<Euclidean>(2);
  return {
      torus, box, std::make_shared<ProductDomain>(ProductDomain::Factors{torus, line}),
      std::make_shared<ProductDomain>(ProductDomain::Factors{std::make_shared<Sphere>(3), line, box}),
      std::make_shared<ProductDomain>(ProductDomain::Factors{
          std::make_shared<ProductDomain>(ProductDomain::Factors{box, torus}), std::make_shared<Sphere>(4)})};
}

TEST(TorusAndBox, KeepThePromisesOfDomains) {
  Random random(1, "conformance");
  for (const auto& domain : domains()) {
    EXPECT_EQ(check(*domain, random).message(), "") << domain->base_measure();
    const auto points = domain->sample_base(100, random, torch::kDouble);
    EXPECT_TRUE(domain->contains(points).all().item<bool>());
  }
}

// A circle that forgets to turn its velocity along, and a wall that does not turn it about: kernels
// would not be reversible.
TEST(TorusAndBox, AGeodesicThatForgetsTheVelocityIsFound) {
  class Forgetful final : public Domain {
   public:
    std::string name() const override { return "forgetful"; }
    std::int64_t dimension() const override { return 2; }
    std::string base_measure() const override { return "τ"; }
    bool has_probability_base() const override { return true; }
    torch::Tensor sample_base(std::int64_t n, Random& r, const torch::TensorOptions& o) const override {
      return inner_.sample_base(n, r, o);
    }
    torch::Tensor to_tangent(const torch::Tensor&, const torch::Tensor& v) const override { return v; }
    torch::Tensor retract(const torch::Tensor& y) const override { return inner_.retract(y); }
    Flow geodesic(const torch::Tensor& x, const torch::Tensor& v, const torch::Tensor& t) const override {
      return {retract(x + t * v), v};
    }
    torch::Tensor laplacian(const torch::Tensor& x, const torch::Tensor& g,
                            const torch::Tensor& h) const override {
      return inner_.laplacian(x, g, h);
    }
    double log_area() const override { return 0; }
    std::optional<Quadrature> quadrature(std::int64_t) const override { return std::nullopt; }

   private:
    Box inner_{{0, 0}, {1, 1}};
  };
  Random random(1, "conformance");
  expect_contains(check(Forgetful(), random).message(), "geodesic does not lead back");
}

TEST(TorusAndBox, AnglesAndPointsAreTheSame) {
  const Torus torus({360, 24, 2 * half_turn}, {-180, 0, -half_turn});
  const auto angles = torch::tensor(
      {{361.0, 25.0, 3.5 * half_turn}, {-180.0, 0.0, -half_turn}, {-90.0, 23.0, 1.0}}, torch::kDouble);
  const auto expected = torch::tensor(
      {{1.0, 1.0, -0.5 * half_turn}, {-180.0, 0.0, -half_turn}, {-90.0, 23.0, 1.0}}, torch::kDouble);
  const auto found = torus.coordinates_of(torus.points_at(angles));
  // The two ends of a range are one place.
  const auto period = torch::tensor({360.0, 24.0, 2 * half_turn}, torch::kDouble);
  const auto apart = torch::remainder(found - expected + period / 2, period) - period / 2;
  EXPECT_LT(apart.abs().max().item<double>(), 1e-9);
  EXPECT_TRUE((found >= torch::tensor({-180.0, 0.0, -half_turn}, torch::kDouble)).all().item<bool>());
  EXPECT_NEAR(torus.points_at(angles)[0][0].item<double>(), std::cos(half_turn / 180), 1e-12);
  EXPECT_EQ(torus.coordinates()[0].unit, "°");
  EXPECT_EQ(torus.coordinates()[1].unit, "");
  EXPECT_EQ(torus.coordinates()[2].unit, "rad");
}

TEST(TorusAndBox, VonMisesNormalisersByQuadrature) {
  for (const double kappa : {0.5, 3.0, 20.0}) {
    for (const std::size_t k : {std::size_t{1}, std::size_t{2}}) {
      const Torus torus(std::vector<double>(k, 360));
      const auto rule = torus.quadrature(40);
      ASSERT_TRUE(rule.has_value());
      EXPECT_NEAR(rule->weights.sum().item<double>(), 1, 1e-12);
      auto energy = -kappa * rule->points.select(1, 0);
      double truth = log_bessel(kappa);
      if (k == 2) {
        energy = energy + 2 * rule->points.select(1, 3);
        truth += log_bessel(2);
      }
      EXPECT_NEAR(rule->log_integral(energy), truth, 1e-10) << kappa << " on T^" << k;
    }
  }
  EXPECT_FALSE(Torus({360, 360, 360}).quadrature(10).has_value());
  EXPECT_NEAR(Torus({360, 24}).log_area(), std::log(360 * 24.0), 1e-12);
}

TEST(TorusAndBox, TruncatedDensitiesByQuadrature) {
  const Box line({-1}, {2});
  const auto rule = line.quadrature(40);
  // ∫ exp(3 x) dx / 3 over [-1, 2].
  EXPECT_NEAR(rule->log_integral(-3 * rule->points.select(1, 0)), std::log((std::exp(6) - std::exp(-3)) / 9),
              1e-12);
  const Box square({0, -1}, {1, 3});
  const auto two = square.quadrature(60);
  EXPECT_NEAR(two->weights.sum().item<double>(), 1, 1e-12);
  const auto z =
      (two->points - torch::tensor({1.2, -1.5}, torch::kDouble)) / torch::tensor({0.3, 0.8}, torch::kDouble);
  const double truth = std::log(2 * half_turn * 0.3 * 0.8 / 4 * normal_mass(-1.2 / 0.3, -0.2 / 0.3) *
                                normal_mass(0.5 / 0.8, 4.5 / 0.8));
  EXPECT_NEAR(two->log_integral(0.5 * z.square().sum(1)), truth, 1e-10);
  EXPECT_NEAR(square.log_area(), std::log(4), 1e-12);
  EXPECT_FALSE(Box({0, 0, 0}, {1, 1, 1}).quadrature(10).has_value());
}

TEST(TorusAndBox, AProductHasTheProductOfTheRules) {
  const ProductDomain cylinder(
      {std::make_shared<Torus>(std::vector<double>{360}), std::make_shared<Euclidean>(1)});
  EXPECT_EQ(cylinder.picture(), Picture::plane);
  const auto rule = cylinder.quadrature(60);
  ASSERT_TRUE(rule.has_value());
  // exp(2 cos φ - (x - cos φ)²/2): the line gives sqrt(2π) at every φ.
  const auto energy =
      -2 * rule->points.select(1, 0) + 0.5 * (rule->points.select(1, 2) - rule->points.select(1, 0)).square();
  EXPECT_NEAR(rule->log_integral(energy), log_bessel(2) + 0.5 * std::log(2 * half_turn), 1e-9);
  const ProductDomain shell({std::make_shared<Sphere>(3), std::make_shared<Euclidean>(1)});
  EXPECT_FALSE(shell.quadrature(10).has_value());
  EXPECT_EQ(shell.picture(), Picture::none);
}

// Known second derivatives: cos φ sin ψ and x² y on the torus and the box, and their sum on the product.
TEST(TorusAndBox, LaplaciansOfKnownFunctions) {
  Random random(2, "points");
  const auto torus = std::make_shared<Torus>(std::vector<double>{360, 360});
  const auto box = std::make_shared<Box>(std::vector<double>{0, 0}, std::vector<double>{1, 2});
  const ProductDomain both({torus, box});
  const auto x = both.sample_base(50, random, torch::kDouble);
  auto gradient = torch::zeros({50, 6}, torch::kDouble), hessian = torch::zeros({50, 6, 6}, torch::kDouble);
  const auto column = [&](std::int64_t k) { return x.select(1, k); };
  // f = x_0 x_3 + x_4² x_5
  gradient.select(1, 0).copy_(column(3));
  gradient.select(1, 3).copy_(column(0));
  gradient.select(1, 4).copy_(2 * column(4) * column(5));
  gradient.select(1, 5).copy_(column(4).square());
  hessian.select(2, 3).select(1, 0).fill_(1);
  hessian.select(2, 0).select(1, 3).fill_(1);
  hessian.select(2, 4).select(1, 4).copy_(2 * column(5));
  hessian.select(2, 5).select(1, 4).copy_(2 * column(4));
  hessian.select(2, 4).select(1, 5).copy_(2 * column(4));
  const auto expected = -2 * column(0) * column(3) + 2 * column(5);
  EXPECT_LT(distance(both.laplacian(x, gradient, hessian), expected), 1e-12);
}

TEST(TorusAndBox, AWallReflectsAsOftenAsItIsMet) {
  const Box box({0}, {1});
  const auto y = torch::tensor({0.3, 1.2, 2.3, 3.6, -0.4, -1.4}, torch::kDouble).unsqueeze(1);
  const auto expected = torch::tensor({0.3, 0.8, 0.3, 0.4, 0.4, 0.6}, torch::kDouble).unsqueeze(1);
  EXPECT_LT(distance(box.retract(y), expected), 1e-12);
  const auto there = box.geodesic(torch::full({3, 1}, 0.5, torch::kDouble),
                                  torch::tensor({1.0, 2.0, -3.0}, torch::kDouble).unsqueeze(1),
                                  torch::ones({1}, torch::kDouble));
  EXPECT_LT(distance(there.positions, torch::tensor({0.5, 0.5, 0.5}, torch::kDouble).unsqueeze(1)), 1e-12);
  EXPECT_LT(distance(there.velocities, torch::tensor({-1.0, 2.0, 3.0}, torch::kDouble).unsqueeze(1)), 1e-12);
  EXPECT_FALSE(box.contains(torch::tensor({{1.01}, {0.5}}, torch::kDouble))[0].item<bool>());
}

TEST(TorusAndBox, AreReadFromConfigurations) {
  Registry<Domain, DomainContext> known("domain");
  add_domains(known);
  const auto make = [&](const Json& section) { return known.read(section, "domain").make({}); };
  EXPECT_EQ(make({{"name", "torus"}, {"dimension", 3}})->dimension(), 6);
  EXPECT_EQ(make({{"name", "box"}, {"low", {0, -1}}, {"high", {2}}})->coordinates()[1].low, -1);
  const Json cylinder = {
      {"name", "product"},
      {"factors", {{{"name", "torus"}, {"dimension", 1}}, {{"name", "euclidean"}, {"dimension", 2}}}}};
  EXPECT_EQ(make(cylinder)->dimension(), 4);
  EXPECT_EQ(make(cylinder)->coordinates().size(), 3U);
  EXPECT_EQ(known.read(cylinder, "domain").resolved()["factors"][0]["periods"][0], 360);
  expect_contains(user_error([&] {
                    make({{"name", "torus"}, {"periods", {360, 24, 7}}});
                  }),
                  "domain.periods: one number, or 2 of them; found 3");
  expect_contains(user_error([&] { make({{"name", "torus"}, {"periods", {0}}}); }), "domain.periods");
  expect_contains(user_error([&] {
                    make({{"name", "box"}, {"low", {1}}, {"high", {1}}});
                  }),
                  "box: coordinate 0 must have low < high, got 1 and 1");
  expect_contains(user_error([&] {
                    make({{"name", "product"}, {"factors", {{{"name", "tours"}}}}});
                  }),
                  "domain.factors[0]");
  expect_contains(user_error([&] {
                    make({{"name", "product"}, {"factors", Json::array()}});
                  }),
                  "domain.factors");
}

}  // namespace
}  // namespace ebm::testing
