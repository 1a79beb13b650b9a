#include "dualebm/trainers/dual_gda.hpp"

#include <torch/optim/sgd.h>

#include "dualebm/framework/sampling/base_proposal.hpp"
#include "dualebm/framework/sampling/hmc.hpp"
#include "dualebm/framework/sampling/langevin.hpp"
#include "dualebm/framework/sampling/mala.hpp"
#include "dualebm/framework/sampling/tempering.hpp"
#include "dualebm/framework/sampling/underdamped.hpp"
#include "dualebm/framework/training/training.hpp"
#include "dualebm/trainers/maximum_likelihood.hpp"
#include "dualebm/trainers/persistent_contrastive_divergence.hpp"
#include "dualebm/trainers/restart_gda.hpp"
#include "dualebm/trainers/score_matching.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// Two wells ten deviations apart, and the share of the left one as the only parameter: its logit l.
///     p(x) = s N(x; -5, 1) + (1 - s) N(x; 5, 1),   s = 1/(1 + e^-l)
struct TwoWells final : Energy {
  torch::Tensor forward(const torch::Tensor& x) override {
    const auto left = torch::log_sigmoid(logit) - (x.squeeze(1) + 5).square() / 2;
    const auto right = torch::log_sigmoid(-logit) - (x.squeeze(1) - 5).square() / 2;
    return -torch::logaddexp(left, right);
  }
  double share() const { return logit.sigmoid().item<double>(); }
  torch::Tensor logit = register_parameter("logit", torch::zeros({}, torch::kDouble));
};

/// A well that moves: E(x) = (x - m)²/2.
struct Well final : Energy {
  torch::Tensor forward(const torch::Tensor& x) override { return (x.squeeze(1) - mean).square() / 2; }
  torch::Tensor mean = register_parameter("mean", torch::zeros({}, torch::kDouble));
};

std::shared_ptr<const Problem> on_the_line(const torch::Tensor& points) {
  return std::make_shared<Problem>(std::make_shared<Euclidean>(1), Dataset{.train = points});
}

/// 2000 points, 0.8 of them in the left well.
torch::Tensor unequal_wells() {
  Random random(3, "data");
  const auto noise = random.normal({2000, 1}, torch::kDouble);
  return torch::cat({noise.narrow(0, 0, 1600) - 5, noise.narrow(0, 1600, 400) + 5});
}

double share_after_training(std::shared_ptr<const Sampler> sampler) {
  const auto energy = std::make_shared<TwoWells>();
  const auto trainer =
      std::make_shared<DualGda>(TrainerContext{.energy = energy,
                                               .problem = on_the_line(unequal_wells()),
                                               .random = std::make_shared<Random>(4, "particles"),
                                               .sampler = std::move(sampler)},
                                DualGda::Options{.particles = 500, .held_out = 100});
  Training training(trainer,
                    std::make_shared<torch::optim::SGD>(energy->parameters(), torch::optim::SGDOptions(0.5)));
  for (int t = 0; t < 150; ++t) training.step(trainer->problem().data().train);
  double mean = 0;
  for (int t = 0; t < 100; ++t) {
    training.step(trainer->problem().data().train);
    mean += energy->share() / 100;
  }
  return mean;
}

// The share of 500 particles in a well has a standard error of 0.018 in an iteration; over a hundred
// iterations that forget one another in about ten it is 0.006.
TEST(WeightedParticles, LearnsTheMassesOfWellsThatAreFarApart) {
  EXPECT_NEAR(share_after_training(nullptr), 0.8, 0.02);
}

// Particles that start at the data have their masses right whatever the model says: without jumps and with
// weights that begin there it does not learn them. The kernel of the context is what moves the particles.
TEST(WeightedParticles, TakesTheKernelThatItIsGiven) {
  EXPECT_GT(std::abs(share_after_training(std::make_shared<Mala>(Mala::Options{})) - 0.8), 0.05);
}

// E' - E = -c x + const for a well that moves by c: its variance over particles of deviation 1 is c². Of a
// step of a hundred a part is kept that makes it the trust.
TEST(WeightedParticles, KeepsTheChangeOfTheEnergyWithinItsTrust) {
  Random random(5, "data");
  const auto energy = std::make_shared<Well>();
  const auto trainer = std::make_shared<DualGda>(
      TrainerContext{.energy = energy,
                     .problem = on_the_line(random.normal({4000, 1}, torch::kDouble) + 1),
                     .random = std::make_shared<Random>(6, "particles")},
      DualGda::Options{.particles = 2000, .held_out = 0, .trust = 0.09});
  Training training(trainer,
                    std::make_shared<torch::optim::SGD>(energy->parameters(), torch::optim::SGDOptions(1e4)));
  training.step(trainer->problem().data().train);
  EXPECT_NEAR(std::abs(energy->mean.item<double>()), 0.3, 0.03);
}

// Drawn anew by their weights, particles stand for the model: their mean is the weighted
// one to the size of a share.
TEST(WeightedParticles, ItsParticlesStandForTheModel) {
  const auto energy = std::make_shared<Well>();
  const auto trainer = std::make_shared<DualGda>(
      TrainerContext{.energy = energy,
                     .problem = on_the_line(Random(8, "data").normal({100, 1}, torch::kDouble)),
                     .random = std::make_shared<Random>(7, "particles")},
      DualGda::Options{.particles = 400, .held_out = 50, .ensemble = {.resample_below = 0}});
  Training training(trainer,
                    std::make_shared<torch::optim::SGD>(energy->parameters(), torch::optim::SGDOptions(0.5)));
  for (int t = 0; t < 5; ++t) training.step(trainer->problem().data().train);
  const auto& ensemble = trainer->ensemble();
  EXPECT_LT(ensemble.effective_share(), 1);
  const auto weighted = (ensemble.weights() * ensemble.positions().squeeze(1)).sum().item<double>();
  EXPECT_NEAR(trainer->particles().mean().item<double>(), weighted, 0.05);
  EXPECT_EQ(trainer->particles().size(0), 400);
}

TrainerContext wells_with(std::shared_ptr<const Sampler> sampler) {
  return {.energy = std::make_shared<TwoWells>(),
          .problem = on_the_line(unequal_wells()),
          .random = std::make_shared<Random>(4, "particles"),
          .sampler = std::move(sampler)};
}

std::shared_ptr<const Sampler> mala() { return std::make_shared<Mala>(Mala::Options{}); }
std::shared_ptr<const Sampler> langevin() { return std::make_shared<Langevin>(Langevin::Options{}); }

TEST(WeightedParticles, AreWhereTheKernelIsExactUnlessItIsSaid) {
  EXPECT_TRUE(DualGda(wells_with(nullptr), {}).weighted());
  EXPECT_TRUE(DualGda(wells_with(mala()), {}).weighted());
  EXPECT_FALSE(DualGda(wells_with(langevin()), {}).weighted());
  EXPECT_FALSE(DualGda(wells_with(nullptr), {.particle_step = 0.1}).weighted());
  EXPECT_TRUE(DualGda(wells_with(nullptr), {.particle_step = 0.1, .weights = true}).weighted());
  EXPECT_FALSE(DualGda(wells_with(nullptr), {.weights = false}).weighted());
  EXPECT_FALSE(MaximumLikelihood(wells_with(mala()), {}).weighted());
  MaximumLikelihood::Options options;
  options.weights = true;
  EXPECT_TRUE(MaximumLikelihood(wells_with(mala()), options).weighted());
  EXPECT_EQ(DualGda(wells_with(nullptr), {}).particles().size(0), 1000);
  EXPECT_EQ(DualGda(wells_with(nullptr), {.particle_step = 0.1}).particles().size(0), 4000);
}

TEST(WeightedParticles, AreRefusedWhereTheyWouldMeanNothing) {
  RestartGda::Options restarts;
  restarts.weights = true;
  expect_contains(user_error([&] { RestartGda(wells_with(nullptr), restarts); }),
                  "trainer.weights: particles that restart at the data have none");
  RestartLimit::Options limit;
  limit.weights = true;
  expect_contains(user_error([&] { RestartLimit(wells_with(nullptr), limit); }), "trainer.weights");
  expect_contains(user_error([&] { RestartLimit(wells_with(mala()), {}); }), "can only be langevin");
  MaximumLikelihood::Options chains;
  chains.weights = true;
  chains.chains = "data";
  expect_contains(user_error([&] { MaximumLikelihood(wells_with(nullptr), chains); }), "trainer.weights");
}

// What says how weights are kept would do nothing.
TEST(WeightedParticles, OptionsOfWeightsAreRefusedWhereThereAreNone) {
  for (const auto& [key, option] : {std::pair<const char*, DualGda::Options>{"held_out", {.held_out = 10}},
                                    {"trust", {.trust = 0.2}},
                                    {"resample_below", {.ensemble = {.resample_below = 0.9}}},
                                    {"normalizer_gain", {.ensemble = {.normalizer_gain = 0.5}}}}) {
    EXPECT_NO_THROW(DualGda(wells_with(nullptr), option)) << key;
    auto plain = option;
    plain.weights = false;
    expect_contains(user_error([&] { DualGda(wells_with(nullptr), plain); }),
                    fmt::format("trainer.{}: ", key));
  }
}

double flux_in(const Trainer& trainer) {
  State state;
  trainer.save(state);
  return state.number("flux");
}

// The proposal that the flux is taken with is made when it is first asked for, which after a resume is later.
TEST(WeightedParticles, TheFluxAfterAResumeIsWhatItWouldHaveBeen) {
  DualGda whole(wells_with(nullptr), {}), resumed(wells_with(nullptr), {});
  whole.complaint(10);
  State state;
  whole.save(state);
  resumed.load(state);
  whole.complaint(20);
  resumed.complaint(20);
  EXPECT_GT(flux_in(whole), 0);
  EXPECT_EQ(flux_in(whole), flux_in(resumed));
}

TEST(WeightedParticles, TheStepThatWasTakenIsKnownAfterAResume) {
  DualGda whole(wells_with(nullptr), {.particle_step = 0.1}),
      resumed(wells_with(nullptr), {.particle_step = 0.1});
  Training training(
      std::shared_ptr<Trainer>(&whole, [](Trainer*) {}),
      std::make_shared<torch::optim::SGD>(whole.energy().parameters(), torch::optim::SGDOptions(0.5)));
  EXPECT_EQ(resumed.langevin_step(), std::nullopt);
  training.step(training.draw_batch(100));
  ASSERT_TRUE(whole.langevin_step().has_value());
  State state;
  whole.save(state);
  resumed.load(state);
  EXPECT_EQ(resumed.langevin_step(), whole.langevin_step());
}

TEST(WeightedParticles, OneKernelIsEnough) {
  expect_contains(user_error([&] { DualGda(wells_with(mala()), {.particle_step = 0.1}); }),
                  "leave out one of the two");
  expect_contains(user_error([&] { DualGda(wells_with(langevin()), {.antithetic = false}); }),
                  "leave out one of the two");
  expect_contains(user_error([&] { DualGda(wells_with(nullptr), {.antithetic = false}); }), "particle_step");
  expect_contains(user_error([&] { PersistentContrastiveDivergence(wells_with(mala()), {.noise = 0.1}); }),
                  "leave out one of the two");
}

// The section `sampler` in place of particle_step is the same algorithm, to the bit.
TEST(WeightedParticles, APlainLangevinKernelIsThePublishedAlgorithm) {
  const auto trained = [](std::shared_ptr<const Sampler> sampler, const DualGda::Options& options) {
    const auto trainer = std::make_shared<DualGda>(wells_with(std::move(sampler)), options);
    Training training(trainer, std::make_shared<torch::optim::SGD>(trainer->energy().parameters(),
                                                                   torch::optim::SGDOptions(0.5)));
    for (int t = 0; t < 5; ++t) training.step(trainer->problem().data().train);
    return torch::cat(
        {trainer->particles().flatten(), trainer->energy().parameters()[0].detach().reshape({1})});
  };
  const auto published = trained(nullptr, {.particle_step = 0.1});
  EXPECT_TRUE(
      torch::equal(trained(std::make_shared<Langevin>(Langevin::Options{.step_size = 0.1}), {}), published));
  EXPECT_FALSE(
      torch::equal(trained(std::make_shared<Langevin>(Langevin::Options{.step_size = 0.2}), {}), published));
}

// What an exact kernel knows of the energy is void once the parameters have moved, whether there are weights
// or not: a MALA that went on with the energies of before would follow a well that is gone.
TEST(WeightedParticles, ExactKernelsWithoutWeightsSeeTheParametersMove) {
  const auto energy = std::make_shared<Well>();
  DualGda trainer({.energy = energy,
                   .problem = on_the_line(Random(8, "data").normal({500, 1}, torch::kDouble)),
                   .random = std::make_shared<Random>(7, "particles"),
                   .sampler = mala()},
                  {.weights = false});
  for (int t = 1; t <= 400; ++t) {
    const torch::NoGradGuard no_grad;
    energy->mean.fill_(0.02 * t);
    trainer.accumulate(trainer.problem().data().train, Iteration(t));
  }
  EXPECT_NEAR(trainer.particles().mean().item<double>(), 8, 0.4);
}

/// The mean of the particles of a replay buffer of a fixed N(3, 1), far from where chains begin.
double mean_of_buffer(std::shared_ptr<const Sampler> sampler) {
  const auto energy = std::make_shared<Well>();
  {
    const torch::NoGradGuard no_grad;
    energy->mean.fill_(3);
  }
  PersistentContrastiveDivergence trainer({.energy = energy,
                                           .problem = on_the_line(torch::zeros({50, 1}, torch::kDouble)),
                                           .random = std::make_shared<Random>(7, "particles"),
                                           .sampler = std::move(sampler)},
                                          {.buffer_size = 400, .chains = 100, .reinitialisation = 0});
  for (int t = 1; t <= 100; ++t) trainer.accumulate(trainer.problem().data().train, Iteration(t));
  return trainer.particles().mean().item<double>();
}

// 400 chains of deviation 1: a standard error of 0.05. Underdamped velocities and step
// sizes live between updates.
TEST(WeightedParticles, AReplayBufferTakesEveryKernel) {
  EXPECT_NEAR(mean_of_buffer(mala()), 3, 0.2);
  EXPECT_NEAR(mean_of_buffer(std::make_shared<Underdamped>(Underdamped::Options{})), 3, 0.2);
  EXPECT_NEAR(mean_of_buffer(std::make_shared<Hmc>(Hmc::Options{})), 3, 0.2);
  const auto base = std::make_shared<BaseProposal>(std::make_shared<Euclidean>(1), torch::zeros({1}),
                                                   torch::full({1}, 3.0));
  EXPECT_NEAR(mean_of_buffer(std::make_shared<Tempering>(base, Tempering::Options{.levels = 3})), 3, 0.2);
}

}  // namespace
}  // namespace ebm::testing
