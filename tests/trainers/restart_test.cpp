#include "dualebm/trainers/restart_gda.hpp"

#include <torch/optim/sgd.h>

#include <cmath>

#include "dualebm/framework/training/training.hpp"
#include "dualebm/trainers/dual_gda.hpp"
#include "dualebm/trainers/score_matching.hpp"
#include "tests/support/support.hpp"
#include "tests/trainers/plane.hpp"

namespace ebm::testing {
namespace {

std::shared_ptr<torch::optim::SGD> plain_descent(const Energy& energy, double rate) {
  return std::make_shared<torch::optim::SGD>(energy.parameters(), torch::optim::SGDOptions(rate));
}

TEST(Restart, BothRulesAreAnError) {
  const auto data = plane_points(5);
  const auto message = user_error([&] { RestartGda(on_the_plane(data), restarts(60, 0.1)); });
  expect_contains(message, "restart_every 60 and restart_probability 0.1 are both on");
}

/// Freezes the particles in every third iteration.
class FrozenEveryThird final : public Schedule {
 public:
  double factor(const Moment& at) const override { return at.iteration % 3 == 0 ? frozen : 1; }
};

TEST(Restart, AllParticlesAreCopiesOfTheDataAtMultiplesAndOnlyThere) {
  const auto data = plane_points(7);
  const auto trainer = std::make_shared<RestartGda>(on_the_plane(data), restarts(3, 0));
  Training training(trainer, plain_descent(trainer->energy(), 0),
                    {.particle_schedule = std::make_shared<FrozenEveryThird>()});
  for (int t = 1; t <= 10; ++t) {
    training.step(data);
    const auto away = distance(trainer->particles(), copies_of(data, 2));
    if (t % 3 == 0) {
      EXPECT_LT(away, 1e-10) << "iteration " << t;
    } else {
      EXPECT_GT(away, 1e-2) << "iteration " << t;
    }
  }
}

// Restart first, then step: after the iteration of a restart each particle is one step, sqrt(2 h) ξ, from its
// point. |ξ|² over N particles, of which N/2 are independent, has mean 2 and standard error 2 / sqrt(N/2).
TEST(Restart, ComesBeforeTheParticleStep) {
  const auto data = 1e-3 * plane_points(2000);
  auto options = restarts(5, 0);
  RestartGda trainer(on_the_plane(data), options);
  for (int t = 1; t <= 5; ++t) trainer.accumulate(data, Iteration(t));
  const auto moved = (trainer.particles() - copies_of(data, 2)).square().sum(1).mean().item<double>();
  EXPECT_NEAR(moved / (2 * *options.particle_step), 2, 4 * 2 / std::sqrt(2000.0));
}

TEST(Restart, NeverByDefaultOfBothRules) {
  const auto data = plane_points(7);
  RestartGda with(on_the_plane(data), restarts(0, 0));
  DualGda without(on_the_plane(data), {.particle_step = 0.02});
  for (int t = 1; t <= 20; ++t) {
    with.accumulate(data, Iteration(t));
    without.accumulate(data, Iteration(t));
  }
  EXPECT_TRUE(torch::equal(with.particles(), without.particles()));
}

// One step away from the data, then one with restarts only. N = 20000 Bernoulli trials of p = 0.3.
TEST(Restart, ByProbabilityHasItsRateAndAllDataPoints) {
  const auto data = plane_points(5);
  const double count = 20'000, p = 0.3;
  RestartGda trainer(on_the_plane(data), restarts(0, p, 4000));
  trainer.accumulate(data, Iteration(1));
  EXPECT_EQ(particles_at(data, trainer.particles()).sum().item<double>(), 0);
  trainer.accumulate(data, Iteration(2, frozen));
  const auto found = particles_at(data, trainer.particles());
  EXPECT_NEAR(found.sum().item<double>(), count * p, 4 * std::sqrt(count * p * (1 - p)));
  for (int i = 0; i < 5; ++i) {
    EXPECT_NEAR(found[i].item<double>(), count * p / 5, 4 * std::sqrt(count * p / 5)) << "data point " << i;
  }
}

// Pairs of antithetic particles must not restart together, or the draw would be of N/2.
TEST(Restart, ByProbabilityIsIndependentForEachParticle) {
  const auto data = plane_points(5);
  RestartGda trainer(on_the_plane(data), restarts(0, 0.5, 4000));
  trainer.accumulate(data, Iteration(1));
  trainer.accumulate(data, Iteration(2, frozen));
  const auto on = ((trainer.particles().unsqueeze(0) - data.unsqueeze(1)).abs().sum(2) < 1e-9).any(0);
  const auto halves = on.to(torch::kDouble).view({2, 10'000});
  EXPECT_NEAR((halves[0] * halves[1]).mean().item<double>(), 0.25, 4 * std::sqrt(0.25 * 0.75 / 10'000));
}

/// The parameters after training on the plane with SGD.
template <class T>
torch::Tensor trained(const typename T::Options& options, int steps, double rate) {
  const auto data = 0.7 * plane_points(2000) + 0.5;
  const auto trainer = std::make_shared<T>(on_the_plane(data), options);
  Training training(trainer, plain_descent(trainer->energy(), rate));
  for (int t = 0; t < steps; ++t) training.step(data);
  return torch::cat(trainer->energy().parameters()).detach();
}

TEST(Restart, EveryIterationIsTheRestartLimitBitForBit) {
  const auto every = trained<RestartGda>(restarts(1, 0), 20, 0.1);
  EXPECT_TRUE(torch::equal(every, trained<RestartLimit>({}, 20, 0.1)));
}

// p_R = 1: the same law, but particles land on random data points instead of all of them. In a step the
// gradient of a mean then has noise of relative size 1/sqrt(N) = 0.016 and 200 steps of rate 0.06 add up to
// some 0.016 · sqrt(0.06).
TEST(Restart, WithProbabilityOneIsTheRestartLimitInLaw) {
  const auto start = torch::zeros({4}, torch::kDouble);
  const auto random = trained<RestartGda>(restarts(0, 1), 200, 0.01),
             limit = trained<RestartLimit>({}, 200, 0.01);
  EXPECT_GT(distance(limit, start), 0.05);
  EXPECT_FALSE(torch::equal(random, limit));
  EXPECT_LT(distance(random, limit), 0.03);
}

}  // namespace
}  // namespace ebm::testing
