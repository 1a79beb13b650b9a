#include "dualebm/trainers/exact_likelihood.hpp"

#include <torch/optim/adam.h>

#include "dualebm/framework/training/fit.hpp"
#include "dualebm/models/mlp.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"
#include "tests/trainers/plane.hpp"

namespace ebm::testing {
namespace {

TrainerContext gaussian_on(const torch::Tensor& data, double mean, double deviation) {
  return {.energy = std::make_shared<Gaussian>(on_euclidean(data.size(1), torch::kDouble),
                                               Gaussian::Options{.mean = {mean}, .deviation = {deviation}}),
          .problem = problem_of(std::make_shared<Euclidean>(data.size(1)), data),
          .random = std::make_shared<Random>(1, "particles")};
}

torch::Tensor cluster(std::int64_t d, double mean, double deviation) {
  Random random(7, "cluster");
  return mean + deviation * random.normal({400, d}, torch::kDouble);
}

// Far from [-10, 10]² and far narrower than its nodes are apart the gradient of the likelihood is that of the
// closed form: of ½ exp(λ) (x - μ)² - ½ λ, with a = exp(λ): a (μ - E x) and ½ (a E(x - μ)² - 1).
TEST(ExactLikelihood, GradientsAreTheClosedFormWhereverTheDataLie) {
  for (const std::int64_t d : {1, 2, 3}) {
    const auto data = cluster(d, 500, 0.02);
    const double mean = 500.01, deviation = 0.03, a = 1 / (deviation * deviation);
    const auto context = gaussian_on(data, mean, deviation);
    ExactLikelihood trainer(context, {.tolerance = 1e-5, .most_nodes = 1 << 20});
    trainer.accumulate(data, Iteration(1));
    EXPECT_FALSE(trainer.fixed());
    const auto parameters = context.energy->named_parameters();
    const auto slope = a * (mean - data.mean(0));
    EXPECT_LT(distance(parameters["mean"].grad() / a, slope / a), 1e-6) << d;
    EXPECT_LT(distance(parameters["log_precision"].grad(), (a * (data - mean).square().mean(0) - 1) / 2),
              1e-3)
        << d;
  }
}

// Where the fixed rule is good nothing changes: the nodes are its own, and no look is counted but the looks.
TEST(ExactLikelihood, KeepsTheFixedRuleWhereItIsGood) {
  const auto data = plane_points(20);
  ExactLikelihood trainer(on_the_plane(data), {.resolution = 40, .look_every = 10});
  const auto looked = trainer.accumulate(data, Iteration(1)),
             between = trainer.accumulate(data, Iteration(2));
  EXPECT_TRUE(trainer.fixed());
  EXPECT_EQ(trainer.rule().points.size(0), 80 * 80);
  EXPECT_EQ(between.energies, 80 * 80);
  EXPECT_EQ(looked.energies, 3 * 80 * 80);
  EXPECT_FALSE(trainer.repeats(Iteration(11)));
  EXPECT_TRUE(trainer.repeats(Iteration(12)));
}

// It learns data that the fixed rule cannot see, and ends at the mean and deviation of the data themselves.
TEST(ExactLikelihood, RecoversANarrowGaussianFarAway) {
  const auto data = cluster(2, 50, 0.05);
  const auto context = gaussian_on(data, 50.1, 0.2);
  Training training(std::make_shared<ExactLikelihood>(context, ExactLikelihood::Options{.look_every = 5}),
                    std::make_shared<torch::optim::Adam>(context.energy->parameters(), 0.02));
  fit(training, {.iterations = 300});
  const auto parameters = context.energy->named_parameters();
  EXPECT_LT(distance(parameters["mean"], data.mean(0)), 0.005);
  EXPECT_LT(distance((-parameters["log_precision"] / 2).exp(), data.std(0, false)), 0.0025);
}

// The refined nodes are a part of the state: stopped between two looks it goes on in the same bits.
TEST(ExactLikelihood, GoesOnWithTheSameBits) {
  const auto data = cluster(2, 50, 0.05);
  const auto run = [&](std::int64_t first, std::int64_t all) {
    const auto make = [&](const TrainerContext& context) {
      return std::make_unique<Training>(
          std::make_shared<ExactLikelihood>(context, ExactLikelihood::Options{.look_every = 7}),
          std::make_shared<torch::optim::Adam>(context.energy->parameters(), 0.02));
    };
    const auto context = gaussian_on(data, 50.1, 0.2), again = gaussian_on(data, 50.1, 0.2);
    const auto training = make(context);
    fit(*training, {.iterations = first});
    if (first == all) return context.energy->named_parameters()["mean"].detach().clone();
    const auto resumed = make(again);
    resumed->load(training->save());
    fit(*resumed, {.iterations = all});
    return again.energy->named_parameters()["mean"].detach().clone();
  };
  EXPECT_TRUE(run(10, 18).equal(run(18, 18)));
}

TEST(ExactLikelihood, RefusesWhatHasNoLikelihood) {
  const auto data = plane_points(20);
  Random random(3, "layers");
  const auto plane = std::make_shared<Euclidean>(2);
  const auto open =
      std::make_shared<Mlp>(EnergyContext{plane, torch::kDouble, random},
                            Mlp::Options{.hidden = {4}, .activation = "tanh", .confinement = std::nullopt});
  ExactLikelihood trainer(
      {.energy = open, .problem = problem_of(plane, data), .random = std::make_shared<Random>(1, "x")},
      {.most_nodes = 1 << 16});
  expect_contains(user_error([&] { trainer.accumulate(data, Iteration(1)); }),
                  "the density does not die away");
  expect_contains(user_error([&] {
                    ExactLikelihood(on_the_plane(torch::ones({5, 2}, torch::kDouble)));
                  }),
                  "all training points are the same one");
}

}  // namespace
}  // namespace ebm::testing
