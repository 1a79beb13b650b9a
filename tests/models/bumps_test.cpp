#include "dualebm/models/bumps.hpp"

#include <ATen/ATen.h>
#include <torch/autograd.h>
#include <torch/optim/adam.h>

#include <list>

#include "dualebm/framework/evaluation/evaluator.hpp"
#include "dualebm/framework/problem/box.hpp"
#include "dualebm/framework/problem/conformance.hpp"
#include "dualebm/framework/training/optimizers/limited_memory_bfgs.hpp"
#include "dualebm/framework/training/training.hpp"
#include "dualebm/trainers/exact_likelihood.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// Bumps at points of a cap on S², or of a blob in a box, with coefficients of both signs.
struct Trial {
  /// @param elongation  of elliptic ones; 0: round
  explicit Trial(std::shared_ptr<const Domain> where, std::vector<double> concentrations,
                 double elongation = 0, const std::string& profile = "gaussian",
                 torch::ScalarType type = torch::kDouble)
      : domain(std::move(where)), random(3, "bumps") {
    points = domain->retract(random.normal({300, domain->dimension()}, type) * 0.4 +
                             torch::ones({domain->dimension()}, type));
    const EnergyContext context{domain, torch::TensorOptions(type), random, points};
    if (elongation > 0) {
      energy =
          std::make_shared<Bumps>(context, Bumps::EllipticOptions{.concentrations = std::move(concentrations),
                                                                  .elongation = elongation,
                                                                  .most_centres = 150,
                                                                  .profile = profile});
    } else {
      energy = std::make_shared<Bumps>(
          context, Bumps::Options{
                       .concentrations = std::move(concentrations), .most_centres = 150, .profile = profile});
    }
    const torch::NoGradGuard no_grad;
    for (auto& parameter : energy->parameters())
      parameter.copy_(random.normal({parameter.size(0)}, torch::kDouble).to(type));
  }
  /// Half of them near the bumps.
  torch::Tensor places(std::int64_t count) {
    return torch::cat(
        {points.narrow(0, 0, count / 2), domain->sample_base(count / 2, random, points.options())});
  }
  std::shared_ptr<const Domain> domain;
  Random random;
  torch::Tensor points;
  std::shared_ptr<Bumps> energy;
};

std::list<Trial> trials() {
  std::list<Trial> all;
  for (const double elongation : {0., 6.}) {
    all.emplace_back(std::make_shared<Sphere>(3), std::vector<double>{8, 300, 20000}, elongation, "compact");
    all.emplace_back(std::make_shared<Box>(std::vector<double>(2, -6), std::vector<double>(2, 6)),
                     std::vector<double>{1, 50, 4000}, elongation, "compact");
  }
  all.emplace_back(std::make_shared<Sphere>(3), std::vector<double>{8, 300, 20000});
  all.emplace_back(std::make_shared<Sphere>(5), std::vector<double>{8, 300});
  for (const std::int64_t dimension : {1, 2, 3, 6})
    all.emplace_back(std::make_shared<Box>(std::vector<double>(static_cast<std::size_t>(dimension), -6),
                                           std::vector<double>(static_cast<std::size_t>(dimension), 6)),
                     std::vector<double>{1, 50, 4000});
  for (const std::int64_t dimension : {3, 5})
    all.emplace_back(std::make_shared<Sphere>(dimension), std::vector<double>{20, 300, 20000}, 6);
  for (const std::int64_t dimension : {2, 3, 4})
    all.emplace_back(std::make_shared<Box>(std::vector<double>(static_cast<std::size_t>(dimension), -6),
                                           std::vector<double>(static_cast<std::size_t>(dimension), 6)),
                     std::vector<double>{1, 50, 4000}, 6);
  return all;
}

TEST(Bumps, OtherShapesAreRefused) {
  Trial trial(std::make_shared<Sphere>(3), {8, 300});
  const torch::NoGradGuard no_grad;
  const auto wide = torch::ones({5, 4}, torch::kDouble), ones = torch::ones({5}, torch::kDouble);
  EXPECT_THROW(trial.energy->forward(wide), c10::Error);
  EXPECT_THROW(trial.energy->value_and_gradient(wide), c10::Error);
  EXPECT_THROW(trial.energy->accumulate_gradient(wide, ones), c10::Error);
  EXPECT_THROW(trial.energy->accumulate_gradient(trial.places(6), ones), c10::Error);
}

// Near bumps alone against all of them in LibTorch's operators, values and gradients in x
// and in the coefficients.
TEST(Bumps, NearOnesAreAllThatCount) {
  auto all = trials();
  for (auto& trial : all) {
    auto& energy = *trial.energy;
    auto x = trial.places(80).requires_grad_(true);
    const auto weight = trial.random.normal({80}, torch::kDouble);
    const auto dense = energy.forward(x);
    ASSERT_TRUE(dense.requires_grad());
    auto coefficients = energy.named_parameters()["coefficients"];
    const auto slopes = torch::autograd::grad({(dense * weight).sum()}, {x, coefficients});
    const auto [value, gradient] = energy.value_and_gradient(x.detach());
    const auto where = fmt::format("{} {}", trial.domain->name(), trial.domain->dimension());
    // The operators take squares as |x|² + |c|² - 2 <x, c>, which in the corners of a box of six dimensions
    // loses 216 units of rounding, times κ/2 of 2000 and coefficients of 8 heights.
    constexpr double rounding = 4e-10;
    EXPECT_LT(distance(value, dense.detach()), rounding) << where;
    {
      const torch::NoGradGuard no_grad;
      EXPECT_LT(distance(energy.forward(x), dense.detach()), rounding) << where;
    }
    EXPECT_LT(distance(gradient * weight.unsqueeze(1), slopes[0]), 1e-7) << where;
    energy.zero_grad();
    energy.accumulate_gradient(x.detach(), weight);
    EXPECT_LT(distance(coefficients.grad(), slopes[1]), 1e-10) << where;
    EXPECT_GT(slopes[1].abs().max().item<double>(), 0.1) << where;
  }
}

TEST(Bumps, AreTheSameBitsForEveryNumberOfThreads) {
  for (const double elongation : {0., 5.}) {
    Trial trial(std::make_shared<Sphere>(3), {8, 300, 20000}, elongation);
    const auto x = trial.places(600);
    const auto weight = trial.random.normal({x.size(0)}, torch::kDouble);
    torch::Tensor value, gradient;
    with_each_number_of_threads([&](int count) {
      const torch::NoGradGuard no_grad;
      trial.energy->zero_grad();
      trial.energy->accumulate_gradient(x, weight);
      const auto now = trial.energy->named_parameters()["coefficients"].grad().clone();
      if (count > 1) {
        EXPECT_TRUE(torch::equal(trial.energy->forward(x), value));
        EXPECT_TRUE(torch::equal(now, gradient));
      }
      value = trial.energy->forward(x);
      gradient = now;
    });
  }
}

TEST(Bumps, RaiseNoAlarm) {
  auto all = trials();
  for (auto& trial : all) {
    Random random(1, "conformance");
    const auto found = check(*trial.energy, *trial.domain, random);
    EXPECT_TRUE(found.holds()) << found.message();
  }
}

// What a ridge penalty says of sharp bumps beside broad ones.
TEST(Bumps, HeightsGrowWithTheConcentrationByTheirPower) {
  Random random(0, "points");
  const auto sphere = std::make_shared<Sphere>(3);
  const auto points = sphere->sample_base(50, random, torch::kDouble);
  for (const double power : {0., 0.1875, 0.5, -1.}) {
    Bumps bumps({sphere, torch::kDouble, random, points},
                Bumps::Options{.concentrations = {100, 1600}, .height_power = power});
    const auto heights = bumps.named_buffers()["heights"], kappa = bumps.named_buffers()["concentrations"];
    const auto sharp = heights.masked_select(kappa.eq(1600) & heights.gt(0));
    ASSERT_GT(sharp.size(0), 0);
    EXPECT_LT((sharp - std::pow(16, power)).abs().max().item<double>(), 1e-12) << power;
    EXPECT_EQ(heights.masked_select(kappa.eq(100) & heights.gt(0)).mean().item<double>(), 1) << power;
  }
}

// A state that is read moves the centres, which the places of before must not outlive.
TEST(Bumps, FollowTheCentresOfAStateThatIsRead) {
  Trial trained(std::make_shared<Sphere>(3), {8, 300});
  Random random(0, "empty");
  Bumps empty(
      EnergyContext{
          .domain = trained.domain, .tensor_options = torch::kDouble, .random = random, .restored = true},
      Bumps::Options{.concentrations = {8, 300}, .most_centres = 150});
  const torch::NoGradGuard no_grad;
  const auto x = trained.places(40);
  EXPECT_EQ(empty.forward(x).abs().max().item<double>(), 0);
  restore(empty, state_of(*trained.energy));
  EXPECT_TRUE(torch::equal(empty.forward(x), trained.energy->forward(x)));
}

// exp(-E) tends to 1 far from all bumps.
TEST(Bumps, ADomainOfInfiniteMeasureIsRefused) {
  Random random(0, "none");
  const auto points = torch::zeros({1, 2}, torch::kDouble);
  EXPECT_NE(user_error([&] {
              Bumps({std::make_shared<Euclidean>(2), torch::kDouble, random, points}, Bumps::Options{});
            }),
            "");
}

TEST(Bumps, WithoutPointsTheyHaveNoPlace) {
  Random random(0, "none");
  expect_contains(user_error([&] {
                    Bumps({std::make_shared<Sphere>(3), torch::kDouble, random}, Bumps::Options{});
                  }),
                  "stand at training points");
}

// The likelihood is concave and the penalty strictly so: one optimum, where the gradient vanishes. Adam,
// which knows nothing of curvature, comes near it from above.
TEST(Bumps, AreTrainedToTheOptimum) {
  constexpr double ridge = 1e-3;
  const auto sphere = std::make_shared<Sphere>(3);
  Random points(5, "points");
  Dataset data;
  data.train =
      sphere->retract(points.normal({400, 3}, torch::kDouble) + torch::tensor({0., 0., 2.}, torch::kDouble));
  const auto problem = std::make_shared<Problem>(sphere, data);
  const auto objective = [&](Energy& energy) {
    const auto values =
        Evaluator(problem, {.quadrature = {.resolution = 40, .most_nodes = 0}}).evaluate(energy);
    const auto coefficients = energy.named_parameters()["coefficients"].detach();
    return *find_metric(values, "nll_train") + 0.5 * ridge * coefficients.square().sum().item<double>();
  };
  const auto trained = [&](auto make, int iterations) {
    Random random(1, "parameters");
    auto energy = std::make_shared<Bumps>(EnergyContext{sphere, torch::kDouble, random, data.train},
                                          Bumps::Options{.concentrations = {4, 40}});
    const auto trainer = std::make_shared<ExactLikelihood>(
        TrainerContext{.energy = energy, .problem = problem, .random = std::make_shared<Random>(1, "none")},
        ExactLikelihood::Options{.resolution = 40, .most_nodes = 0});
    const auto optimizer = make(std::vector<torch::Tensor>{energy->named_parameters()["coefficients"]});
    Training training(trainer, optimizer, {});
    for (int i = 0; i < iterations; ++i) training.step(data.train);
    return std::pair(energy, optimizer);
  };
  const auto [best, optimizer] = trained(
      [&](auto parameters) {
        return std::make_shared<LimitedMemoryBfgs>(parameters,
                                                   LimitedMemoryBfgs::Options{.weight_decay = ridge});
      },
      300);
  EXPECT_LT(optimizer->gradient_norm(), 1e-7);
  const auto [other, adam] = trained(
      [&](auto parameters) {
        return std::make_shared<torch::optim::Adam>(parameters,
                                                    torch::optim::AdamOptions(0.05).weight_decay(ridge));
      },
      400);
  const double least = objective(*best), near = objective(*other);
  EXPECT_LE(least, near + 1e-9);
  EXPECT_LT(near, least + 1e-2);
}

}  // namespace
}  // namespace ebm::testing
