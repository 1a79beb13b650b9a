#include "dualebm/datasets/toys/toy_torus.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/support/catalogue.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

Dataset draws(const Json& domain, Json section) {
  section["name"] = "toy_torus";
  Random random(1, "toy_torus_test");
  return *catalogue()
              .datasets.read(section, "dataset")
              .make({.domain = catalogue().domains.read(domain, "domain").make({}),
                     .teacher = nullptr,
                     .random = random});
}

// ∫ p dτ = 1, and means of draws are integrals: weights, concentrations, means and
// units are all in one of them.
TEST(ToyTorus, DrawsHaveTheDensityOfTheTeacher) {
  const Torus torus({360, 360});
  const auto rule = *torus.quadrature(150);
  for (const Json& section : {Json{{"train", 20000}, {"test", 1}}, Json{{"train", 20000},
                                                                        {"test", 1},
                                                                        {"means", {{0, 90}, {180, 10}}},
                                                                        {"concentrations", {2, 20}},
                                                                        {"weights", {3, 1}}}}) {
    const auto data = draws({{"name", "torus"}}, section);
    const auto mass = rule.weights * (-data.teacher->forward(rule.points)).exp();
    EXPECT_NEAR(mass.sum().item<double>(), 1, 1e-9);
    EXPECT_EQ(data.train.size(1), 2);
    EXPECT_TRUE(((data.train >= -180).logical_and(data.train < 180)).all().item<bool>());
    const auto f = [](const torch::Tensor& x) {
      return torch::stack({x.select(1, 0), x.select(1, 1), x.select(1, 0) * x.select(1, 2), x.select(1, 3)},
                          1);
    };
    const auto values = f(torus.points_at(data.train));
    const auto off = (values.mean(0) - f(rule.points).t().mv(mass)) / (values.std(0) / std::sqrt(20000.0));
    EXPECT_LT(off.abs().max().item<double>(), 3.5) << off;
  }
}

TEST(ToyTorus, UnitsAreThoseOfTheDomain) {
  const auto hours = draws({{"name", "torus"}, {"dimension", 1}, {"periods", {24}}, {"low", {0}}},
                           {{"means", {{23.5}}}, {"concentrations", {200}}, {"train", 1000}});
  const auto x = hours.train.select(1, 0);
  EXPECT_TRUE(((x < 2).logical_or(x > 21)).all().item<bool>()) << x.min() << x.max();
  EXPECT_NEAR((torch::remainder(x + 12, 24) - 12).mean().item<double>(), -0.5, 0.05);
}

TEST(ToyTorus, WhatDoesNotFitIsRefused) {
  expect_contains(user_error([] {
                    draws({{"name", "box"}}, {});
                  }),
                  "dataset toy_torus lives on the domain torus, not on box");
  expect_contains(user_error([] {
                    draws({{"name", "torus"}, {"dimension", 3}}, {});
                  }),
                  "dataset.means: missing");
  expect_contains(user_error([] { draws({{"name", "torus"}}, {{"means", {{1, 2, 3}}}}); }), "needs 2 means");
  expect_contains(user_error([] {
                    draws({{"name", "torus"}}, {{"means", {{1, 2}}}, {"weights", {1, 2}}});
                  }),
                  "dataset.weights: one number, or 1 of them; found 2");
}

}  // namespace
}  // namespace ebm::testing
