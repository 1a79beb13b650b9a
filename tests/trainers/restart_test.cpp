#include "dualebm/trainers/restart_gda.hpp"

#include <sys/mman.h>
#include <torch/optim/sgd.h>

#include <cmath>
#include <functional>

#include "dualebm/framework/training/fit.hpp"
#include "dualebm/framework/training/schedules/schedules.hpp"
#include "dualebm/models/gaussian.hpp"
#include "dualebm/trainers/denoising_score_matching.hpp"
#include "dualebm/trainers/dual_gda.hpp"
#include "dualebm/trainers/exact_score_matching.hpp"
#include "dualebm/trainers/maximum_likelihood.hpp"
#include "dualebm/trainers/persistent_contrastive_divergence.hpp"
#include "dualebm/trainers/score_matching.hpp"
#include "dualebm/trainers/sliced_score_matching.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// Freezes the particles, nearly, in one iteration: what the rule did before their step is left to be seen.
class FrozenAt final : public Schedule {
 public:
  explicit FrozenAt(std::function<bool(std::int64_t)> when) : when_(std::move(when)) {}
  double factor(std::int64_t iteration) const override { return when_(iteration) ? 1e-24 : 1; }

 private:
  std::function<bool(std::int64_t)> when_;
};

std::shared_ptr<Schedule> frozen_at(std::function<bool(std::int64_t)> when) {
  return std::make_shared<FrozenAt>(std::move(when));
}

TrainerContext on_the_plane(const torch::Tensor& data,
                            std::shared_ptr<const Schedule> particle_schedule = nullptr, double rate = 0) {
  const auto energy = std::make_shared<Gaussian>(2, Gaussian::Options{}, torch::kDouble);
  return {
      .energy = energy,
      .domain = std::make_shared<Euclidean>(2),
      .optimizer = std::make_shared<torch::optim::SGD>(energy->parameters(), torch::optim::SGDOptions(rate)),
      .data = data,
      .random = std::make_shared<Random>(1, "particles"),
      .particle_schedule = std::move(particle_schedule)};
}

torch::Tensor plane_points(std::int64_t count) {
  Random random(2, "data");
  return random.normal({count, 2}, torch::kDouble);
}

RestartGda::Options restarts(std::int64_t every, double probability, std::int64_t copies = 2) {
  RestartGda::Options options;
  options.restart_every = every;
  options.restart_probability = probability;
  options.particles_per_point = copies;
  return options;
}

TEST(Restart, BoostIsTheFactorOfTheScripts) {
  EXPECT_DOUBLE_EQ(restart_boost(0.1, 1.0 / 60, 0.02), 1 + 0.1 / (60 * 0.02));
  EXPECT_DOUBLE_EQ(restart_boost(0.1, 1, 0.02), 6);
  EXPECT_EQ(restart_boost(0.1, 0, 0.02), 1);
  EXPECT_EQ(restart_boost(0, 1, 0.02), 1);
}

// The first gradient is the same with and without boost, so the first step is proportional to the learning
// rate.
TEST(Restart, BoostMultipliesTheLearningRates) {
  const auto data = plane_points(50) + 1;
  const auto first_step = [&](double boost) {
    auto context = on_the_plane(data, nullptr, 0.01);
    auto options = restarts(4, 0);
    options.step_boost = boost;
    RestartGda(context, options).step(data);
    return context.energy->named_parameters()["mean"].detach().clone();
  };
  EXPECT_LT(distance(first_step(0.1), first_step(0) * (1 + 0.1 / (4 * 0.02))), 1e-15);
}

TEST(Restart, BothRulesAreAnError) {
  const auto data = plane_points(5);
  const auto message = user_error([&] { RestartGda(on_the_plane(data), restarts(60, 0.1)); });
  expect_contains(message, "restart_every 60 and restart_probability 0.1 are both on");
}

TEST(Restart, AllParticlesAreCopiesOfTheDataAtMultiplesAndOnlyThere) {
  const auto data = plane_points(7);
  RestartGda trainer(on_the_plane(data, frozen_at([](std::int64_t t) { return t % 3 == 0; })),
                     restarts(3, 0));
  for (int t = 1; t <= 10; ++t) {
    trainer.step(data);
    const auto away = distance(trainer.particles(), copies_of(data, 2));
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
  for (int t = 1; t <= 5; ++t) trainer.step(data);
  const auto moved = (trainer.particles() - copies_of(data, 2)).square().sum(1).mean().item<double>();
  EXPECT_NEAR(moved / (2 * options.particle_step), 2, 4 * 2 / std::sqrt(2000.0));
}

TEST(Restart, NeverByDefaultOfBothRules) {
  const auto data = plane_points(7);
  RestartGda with(on_the_plane(data), restarts(0, 0));
  DualGda without(on_the_plane(data), {});
  for (int t = 0; t < 20; ++t) {
    with.step(data);
    without.step(data);
  }
  EXPECT_TRUE(torch::equal(with.particles(), without.particles()));
}

/// For each data point the number of particles that lie on it.
torch::Tensor particles_at(const torch::Tensor& data, const torch::Tensor& particles) {
  return ((particles.unsqueeze(0) - data.unsqueeze(1)).abs().sum(2) < 1e-9).sum(1).to(torch::kDouble);
}

// One step away from the data, then one with restarts only. N = 20000 Bernoulli trials of p = 0.3.
TEST(Restart, ByProbabilityHasItsRateAndAllDataPoints) {
  const auto data = plane_points(5);
  const double count = 20'000, p = 0.3;
  RestartGda trainer(on_the_plane(data, frozen_at([](std::int64_t t) { return t == 2; })),
                     restarts(0, p, 4000));
  trainer.step(data);
  EXPECT_EQ(particles_at(data, trainer.particles()).sum().item<double>(), 0);
  trainer.step(data);
  const auto found = particles_at(data, trainer.particles());
  EXPECT_NEAR(found.sum().item<double>(), count * p, 4 * std::sqrt(count * p * (1 - p)));
  for (int i = 0; i < 5; ++i) {
    EXPECT_NEAR(found[i].item<double>(), count * p / 5, 4 * std::sqrt(count * p / 5)) << "data point " << i;
  }
}

// Pairs of antithetic particles must not restart together, or the draw would be of N/2.
TEST(Restart, ByProbabilityIsIndependentForEachParticle) {
  const auto data = plane_points(5);
  RestartGda trainer(on_the_plane(data, frozen_at([](std::int64_t t) { return t == 2; })),
                     restarts(0, 0.5, 4000));
  trainer.step(data);
  trainer.step(data);
  const auto on = ((trainer.particles().unsqueeze(0) - data.unsqueeze(1)).abs().sum(2) < 1e-9).any(0);
  const auto halves = on.to(torch::kDouble).view({2, 10'000});
  EXPECT_NEAR((halves[0] * halves[1]).mean().item<double>(), 0.25, 4 * std::sqrt(0.25 * 0.75 / 10'000));
}

/// The parameters after training on the plane with SGD.
template <class T>
torch::Tensor trained(const typename T::Options& options, int steps, double rate) {
  const auto data = 0.7 * plane_points(2000) + 0.5;
  auto context = on_the_plane(data, nullptr, rate);
  T trainer(context, options);
  for (int t = 0; t < steps; ++t) trainer.step(data);
  return torch::cat(context.energy->parameters()).detach();
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

/// Gradient evaluations of one step with n = 10 points, N = 20 particles, and a batch of 4 points.
template <class T>
std::int64_t evaluations(const typename T::Options& options) {
  const auto data = plane_points(10);
  return T(on_the_plane(data), options).step(data.narrow(0, 0, 4)).gradient_evaluations;
}

MaximumLikelihood::Options likelihood_chains(const std::string& chains) {
  MaximumLikelihood::Options options;
  options.langevin_steps = 3;
  options.chains = chains;
  return options;
}

// Particle steps of N each, then ∇_θ E at the batch and at the particles. Chains that start from the batch
// are as many as its copies, here 8.
TEST(GradientEvaluations, AreCounted) {
  EXPECT_EQ(evaluations<DualGda>({}), 20 + 4 + 20);
  EXPECT_EQ(evaluations<RestartGda>(restarts(60, 0)), 20 + 4 + 20);
  EXPECT_EQ(evaluations<RestartGda>(restarts(0, 0.5)), 20 + 4 + 20);
  EXPECT_EQ(evaluations<MaximumLikelihood>(likelihood_chains("persistent")), 3 * 20 + 4 + 20);
  EXPECT_EQ(evaluations<MaximumLikelihood>(likelihood_chains("base")), 3 * 20 + 4 + 20);
  EXPECT_EQ(evaluations<MaximumLikelihood>(likelihood_chains("data")), 3 * 8 + 4 + 8);
  EXPECT_EQ(evaluations<RestartLimit>({}), 8 + 4 + 8);
}

// One gradient and d rows of the Hessian at each point of the batch.
TEST(GradientEvaluations, OfTheExactObjectiveAreCounted) {
  EXPECT_EQ(evaluations<ExactScoreMatching>({}), 4 * 3);
}

// One gradient and one product with the Hessian for each projection; noised points alone; K steps of N
// chains.
TEST(GradientEvaluations, OfDeepTrainersAreCounted) {
  EXPECT_EQ(evaluations<SlicedScoreMatching>({.projections = 5}), 4 * 6);
  EXPECT_EQ(evaluations<DenoisingScoreMatching>({}), 4);
  EXPECT_EQ(evaluations<PersistentContrastiveDivergence>({.chains = 6, .langevin_steps = 7}), 6 * 7 + 4 + 6);
  EXPECT_EQ(evaluations<PersistentContrastiveDivergence>({.langevin_steps = 7}), 4 * 7 + 4 + 4);
}

// N = 8 of 10 points, each at most once; a step that hardly moves leaves them to be seen.
TEST(Particles, AsManyAsAskedStartAtDistinctDataPoints) {
  const auto data = plane_points(10);
  const auto frozen = frozen_at([](std::int64_t) { return true; });
  DualGda trainer(on_the_plane(data, frozen), {.particles = 8});
  trainer.step(data);
  EXPECT_EQ(trainer.particles().size(0), 8);
  const auto found = particles_at(data, trainer.particles());
  EXPECT_EQ(found.max().item<double>(), 1);
  EXPECT_EQ(found.sum().item<double>(), 8);
}

// A batch that chains start from is one thing, how many they are another.
TEST(Particles, AsManyAsAskedStartAtTheBatch) {
  const auto data = plane_points(10), batch = data.narrow(0, 0, 4);
  auto options = likelihood_chains("data");
  options.particles = 6;
  MaximumLikelihood trainer(on_the_plane(data, frozen_at([](std::int64_t) { return true; })), options);
  trainer.step(batch);
  EXPECT_EQ(trainer.particles().size(0), 6);
  EXPECT_EQ(particles_at(batch, trainer.particles()).sum().item<double>(), 6);
}

// 2^35 rows of bytes, zeros that the machine never makes real: whoever converts, copies or permutes them all
// asks for hundreds of gigabytes.
TEST(Particles, TensOfBillionsOfRowsCostNothing) {
  constexpr std::int64_t rows = std::int64_t{1} << 35;
  void* memory =
      ::mmap(nullptr, 2 * rows, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) GTEST_SKIP() << "this machine does not lend more memory than it has";
  {
    const auto data = torch::from_blob(memory, {rows, 2}, torch::kByte);
    const auto context = on_the_plane(data, nullptr, 0.05);
    DualGda trainer(context, {.particle_step = 0.1, .particles = 1000});
    const Evaluator evaluator(context.domain, {.train = plane_points(1)}, {.every = 0});
    Random batches(1, "batches");
    fit(trainer, *context.energy, data, batches, evaluator, {.iterations = 40, .batch_size = 100}, {});
    // The precision of a point mass grows without end; at 1 it stood.
    EXPECT_GT(context.energy->named_parameters()["log_precision"].min().item<double>(), 0.5);
    EXPECT_EQ(trainer.particles().scalar_type(), torch::kDouble);
  }
  ::munmap(memory, 2 * rows);
}

TEST(MaximumLikelihood, ChainsFromTheDataForgetTheParticles) {
  const auto data = plane_points(10);
  MaximumLikelihood trainer(on_the_plane(data, frozen_at([](std::int64_t t) { return t == 2; })),
                            likelihood_chains("data"));
  trainer.step(data);
  trainer.step(data);
  EXPECT_LT(distance(trainer.particles(), copies_of(data, 2)), 1e-10);
}

// N(0, I) on the plane, whatever the data: the mean of |X|² over N particles has standard error 2 / sqrt(N).
TEST(MaximumLikelihood, ChainsFromTheBaseForgetTheData) {
  const auto data = plane_points(1000) + 10;
  MaximumLikelihood trainer(on_the_plane(data, frozen_at([](std::int64_t) { return true; })),
                            likelihood_chains("base"));
  trainer.step(data);
  EXPECT_NEAR(trainer.particles().square().sum(1).mean().item<double>(), 2, 4 * 2 / std::sqrt(2000.0));
}

TEST(MaximumLikelihood, PersistentChainsStartAtTheDataAndStay) {
  const auto data = plane_points(10);
  MaximumLikelihood trainer(on_the_plane(data, frozen_at([](std::int64_t t) { return t != 2; })),
                            likelihood_chains("persistent"));
  trainer.step(data);
  EXPECT_LT(distance(trainer.particles(), copies_of(data, 2)), 1e-10);
  trainer.step(data);
  const auto moved = trainer.particles().clone();
  trainer.step(data);
  EXPECT_LT(distance(trainer.particles(), moved), 1e-10);
  EXPECT_GT(distance(moved, copies_of(data, 2)), 1e-2);
}

}  // namespace
}  // namespace ebm::testing
