#include "dualebm/models/spherical_harmonics.hpp"

#include <ATen/ATen.h>
#include <torch/autograd.h>

#include <cmath>

#include "dualebm/framework/evaluation/evaluator.hpp"
#include "dualebm/framework/problem/conformance.hpp"
#include "dualebm/framework/training/optimizers/limited_memory_bfgs.hpp"
#include "dualebm/framework/training/training.hpp"
#include "dualebm/trainers/exact_likelihood.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

std::shared_ptr<SphericalHarmonics> harmonics(std::int64_t degree, double smoothness = 0,
                                              torch::ScalarType type = torch::kDouble) {
  return std::make_shared<SphericalHarmonics>(
      on_sphere(3, type), SphericalHarmonics::Options{.degree = degree, .smoothness = smoothness});
}

/// Y_{l,m}(x) for all of them: what the gradient of each coefficient is at one point. [N, M]
torch::Tensor all_harmonics(std::int64_t degree, const torch::Tensor& x) {
  const auto energy = harmonics(degree);
  auto coefficients = energy->parameters()[0];
  std::vector<torch::Tensor> rows;
  for (std::int64_t i = 0; i < x.size(0); ++i) {
    energy->zero_grad();
    energy->accumulate_gradient(x.narrow(0, i, 1), torch::ones({1}, torch::kDouble));
    rows.push_back(coefficients.grad().clone());
  }
  return torch::stack(rows);
}

/// Everywhere, at the poles and a hair beside them.
torch::Tensor places_on_the_globe(std::int64_t count) {
  Random random(8, "harmonics");
  const auto rows = Sphere(3).sample_base(count, random, torch::kDouble);
  const auto special = torch::tensor(
      {{0., 0., 1.}, {0., 0., -1.}, {1e-9, 2e-9, 1.}, {1e-3, 0., -std::sqrt(1 - 1e-6)}, {1., 0., 0.}},
      torch::kDouble);
  return torch::cat({special, rows});
}

TEST(SphericalHarmonics, TheFirstOnesAreTheFormulas) {
  const auto x = places_on_the_globe(20), y = all_harmonics(2, x);
  const auto a = x.select(1, 0), b = x.select(1, 1), c = x.select(1, 2);
  const auto expected =
      torch::stack({std::sqrt(3.) * b, std::sqrt(3.) * c, std::sqrt(3.) * a, std::sqrt(15.) * a * b,
                    std::sqrt(15.) * b * c, std::sqrt(5.) / 2 * (3 * c * c - 1), std::sqrt(15.) * a * c,
                    std::sqrt(15.) / 2 * (a * a - b * b)},
                   1);
  EXPECT_LT(distance(y, expected), 1e-14);
}

// ∫ Y Y' dτ = δ by a rule that is exact for polynomials of degree 2 · 40 - 1 in z and 80 in the angle.
TEST(SphericalHarmonics, AreOrthonormal) {
  const auto rule = sphere_quadrature(40, 81);
  const auto y = all_harmonics(30, rule.points);
  const auto gram = y.t().mm(y * rule.weights.unsqueeze(1));
  EXPECT_LT(distance(gram, torch::eye(gram.size(0), torch::kDouble)), 1e-11);
}

// Σ_m Y_{l,m}(x) Y_{l,m}(y) = (2l + 1) P_l(<x, y>), to degree 64 and beyond, at the poles too.
TEST(SphericalHarmonics, TheAdditionTheoremHoldsToHighDegrees) {
  constexpr std::int64_t degree = 128;
  const auto x = places_on_the_globe(5), y = all_harmonics(degree, x);
  for (std::int64_t i = 0; i < x.size(0); ++i) {
    for (std::int64_t j = 0; j <= i; ++j) {
      const double t = std::clamp(x[i].dot(x[j]).item<double>(), -1.0, 1.0);
      for (const std::int64_t l : {1, 2, 7, 31, 64, 128}) {
        const auto begin = l * l - 1, count = 2 * l + 1;
        const double sum = y[i].narrow(0, begin, count).dot(y[j].narrow(0, begin, count)).item<double>();
        const auto weight = static_cast<double>(count);
        EXPECT_NEAR(sum / weight, std::legendre(static_cast<unsigned>(l), t), 1e-10) << l << " " << t;
      }
    }
  }
}

// ΔY = -l (l + 1) Y: the gradient and the Hessian of the polynomials, seen along the sphere.
TEST(SphericalHarmonics, AreEigenfunctionsOfTheLaplacian) {
  const auto x = places_on_the_globe(6).requires_grad_(true);
  Random random(9, "harmonics");
  for (const std::int64_t l : {1, 3, 6}) {
    const auto energy = harmonics(6);
    auto coefficients = energy->parameters()[0];
    {
      const torch::NoGradGuard no_grad;
      coefficients.narrow(0, l * l - 1, 2 * l + 1).copy_(random.normal({2 * l + 1}, torch::kDouble));
    }
    const auto value = energy->forward(x);
    const auto gradient = torch::autograd::grad({value.sum()}, {x}, {}, true, true)[0];
    std::vector<torch::Tensor> rows;
    for (std::int64_t k = 0; k < 3; ++k)
      rows.push_back(torch::autograd::grad({gradient.select(1, k).sum()}, {x}, {}, true)[0]);
    const auto laplacian = Sphere(3).laplacian(x, gradient, torch::stack(rows, 1));
    EXPECT_LT(distance(laplacian.detach(), -static_cast<double>(l * (l + 1)) * value.detach()), 1e-11) << l;
  }
}

// The recurrence by rows against that in operators: values, gradients in x and in the
// coefficients, two degrees.
TEST(SphericalHarmonics, TheFastWayIsTheFormula) {
  Random random(7, "harmonics");
  for (const std::int64_t degree : {5, 64}) {
    const auto energy = harmonics(degree, 1.5);
    auto coefficients = energy->parameters()[0];
    {
      const torch::NoGradGuard no_grad;
      coefficients.copy_(random.normal({coefficients.size(0)}, torch::kDouble));
    }
    auto x = places_on_the_globe(95).requires_grad_(true);
    const auto weight = random.normal({x.size(0)}, torch::kDouble);
    const auto dense = energy->forward(x);
    ASSERT_TRUE(dense.requires_grad());
    const auto slopes =
        torch::autograd::grad({dense.sum(), (dense * weight).sum()}, {x, coefficients}, {}, true);
    const auto in_x = torch::autograd::grad({dense.sum()}, {x}, {}, true)[0];
    const auto in_a = torch::autograd::grad({(dense * weight).sum()}, {coefficients})[0];
    const auto [value, gradient] = energy->value_and_gradient(x.detach());
    EXPECT_LT(distance(value, dense.detach()), 1e-10) << degree;
    EXPECT_LT(distance(gradient, in_x), 1e-8) << degree;
    {
      const torch::NoGradGuard no_grad;
      EXPECT_TRUE(torch::equal(energy->forward(x), value));
    }
    energy->zero_grad();
    energy->accumulate_gradient(x.detach(), weight);
    EXPECT_LT(distance(coefficients.grad(), in_a), 1e-10) << degree;
    EXPECT_GT(in_a.abs().max().item<double>(), 0.1);
  }
}

TEST(SphericalHarmonics, AreTheSameBitsForEveryNumberOfThreads) {
  const auto energy = harmonics(20, 1, torch::kFloat);
  Random random(6, "harmonics");
  const auto x = Sphere(3).sample_base(1000, random, torch::kFloat);
  const auto weight = random.normal({1000}, torch::kFloat);
  const torch::NoGradGuard no_grad;
  energy->parameters()[0].copy_(random.normal({440}, torch::kFloat));
  torch::Tensor value, slope, sums;
  with_each_number_of_threads([&](int count) {
    energy->zero_grad();
    energy->accumulate_gradient(x, weight);
    const auto [now, gradient] = energy->value_and_gradient(x);
    const auto in_a = energy->parameters()[0].grad().clone();
    if (count > 1) {
      EXPECT_TRUE(torch::equal(now, value) && torch::equal(gradient, slope) && torch::equal(in_a, sums));
    }
    value = now;
    slope = gradient;
    sums = in_a;
  });
}

// |E|² = Σ a² is what the docstring says of it: for t = 1 half the mean of |∇E|², for t = 0 the mean of E².
TEST(SphericalHarmonics, TheNormIsTheIntegral) {
  const auto rule = sphere_quadrature(20, 40);
  for (const double smoothness : {0., 1.}) {
    const auto energy = harmonics(8, smoothness);
    Random random(5, "harmonics");
    const torch::NoGradGuard no_grad;
    energy->parameters()[0].copy_(random.normal({80}, torch::kDouble));
    const auto [value, gradient] = energy->value_and_gradient(rule.points);
    const auto tangent = Sphere(3).to_tangent(rule.points, gradient);
    const auto square = smoothness == 0 ? value.square() : tangent.square().sum(1) / 2;
    EXPECT_NEAR(rule.weights.dot(square).item<double>(), energy->norm() * energy->norm(), 1e-10)
        << smoothness;
  }
}

// Rows of another width, or fewer weights than rows, would be read beyond their end.
TEST(SphericalHarmonics, OtherShapesAreRefused) {
  const auto energy = harmonics(3);
  for (const std::int64_t width : {2, 4}) {
    const auto x = torch::ones({5, width}, torch::kDouble);
    const torch::NoGradGuard no_grad;
    EXPECT_THROW(energy->forward(x), c10::Error) << width;
    EXPECT_THROW(energy->value_and_gradient(x), c10::Error) << width;
    EXPECT_THROW(energy->accumulate_gradient(x, torch::ones({5}, torch::kDouble)), c10::Error) << width;
  }
  EXPECT_THROW(
      energy->accumulate_gradient(torch::ones({5, 3}, torch::kDouble), torch::ones({4}, torch::kDouble)),
      c10::Error);
}

TEST(SphericalHarmonics, TheBallIsKept) {
  SphericalHarmonics energy(on_sphere(3, torch::kDouble), {.degree = 3, .norm_cap = 2});
  {
    const torch::NoGradGuard no_grad;
    energy.parameters()[0].fill_(1);
  }
  energy.project_parameters();
  EXPECT_NEAR(energy.norm(), 2, 1e-14);
  EXPECT_NEAR(energy.parameters()[0][3].item<double>(), 2 / std::sqrt(15.), 1e-14) << "scaled, not cut";
  energy.project_parameters();
  EXPECT_NEAR(energy.norm(), 2, 1e-14);
}

TEST(SphericalHarmonics, RaiseNoAlarm) {
  for (const auto type : {torch::kFloat, torch::kDouble}) {
    const auto energy = harmonics(12, 2, type);
    Random random(1, "conformance");
    {
      const torch::NoGradGuard no_grad;
      energy->parameters()[0].copy_(random.normal({168}, torch::kDouble).to(type));
    }
    const auto found = check(*energy, Sphere(3), random);
    EXPECT_TRUE(found.holds()) << found.message();
  }
}

TEST(SphericalHarmonics, LiveOnTheGlobeAlone) {
  expect_contains(user_error([] { SphericalHarmonics(on_sphere(4, torch::kDouble), {}); }),
                  "domain.dimension");
  expect_contains(user_error([] { SphericalHarmonics(on_euclidean(3, torch::kDouble), {}); }), "sphere");
}

// The optimum of the likelihood is where the moments of the model are those of the data, and no other
// energy of the class is there: degree 1 is the von Mises-Fisher family, whose estimate is known,
// coth κ - 1/κ = |mean of x|.
TEST(SphericalHarmonics, AreTrainedToTheOptimum) {
  Random random(5, "points");
  const auto sphere = std::make_shared<Sphere>(3);
  Dataset data;
  data.train = sphere->retract(random.normal({500, 3}, torch::kDouble) +
                               torch::tensor({0.3, 1.5, -1.}, torch::kDouble));
  const auto problem = std::make_shared<Problem>(sphere, data);
  const auto trained = [&](std::int64_t degree) {
    const auto energy = harmonics(degree, 2);
    const auto trainer = std::make_shared<ExactLikelihood>(
        TrainerContext{.energy = energy, .problem = problem, .random = std::make_shared<Random>(1, "none")},
        ExactLikelihood::Options{.resolution = 40, .most_nodes = 0});
    const auto optimizer = std::make_shared<LimitedMemoryBfgs>(
        std::vector<torch::Tensor>{energy->parameters()[0]}, LimitedMemoryBfgs::Options{});
    Training training(trainer, optimizer, {});
    for (int i = 0; i < 150; ++i) training.step(data.train);
    EXPECT_LT(optimizer->gradient_norm(), 1e-8) << degree;
    return energy;
  };
  const auto fine = trained(4);
  const auto rule = sphere_quadrature(40, 80);
  const torch::NoGradGuard no_grad;
  const auto p = rule.gibbs(fine->forward(rule.points));
  const auto of_model = all_harmonics(4, rule.points).t().mv(p),
             of_data = all_harmonics(4, data.train).mean(0);
  EXPECT_LT(distance(of_model, of_data), 1e-7);

  const auto a = trained(1)->parameters()[0].detach();
  const auto eta = -std::sqrt(3.) * torch::stack({a[2], a[0], a[1]});  // E = -<η, x>
  const double kappa = eta.norm().item<double>(), length = data.train.mean(0).norm().item<double>();
  EXPECT_NEAR(1 / std::tanh(kappa) - 1 / kappa, length, 1e-8);
  EXPECT_LT(distance(eta / kappa, data.train.mean(0) / length), 1e-7);
}

}  // namespace
}  // namespace ebm::testing
