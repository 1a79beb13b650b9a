#include "dualebm/framework/evaluation/annealing.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "dualebm/models/gaussian.hpp"
#include "dualebm/models/von_mises_fisher.hpp"
#include "tests/framework/sampling/two_modes.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// N(mean, deviations²) and its draws, on R^d with d scales from 0.5 to 3.
struct Scaled {
  explicit Scaled(std::int64_t d)
      : deviations(torch::linspace(0.5, 3, d, torch::kDouble)), space(std::make_shared<Euclidean>(d)) {
    Gaussian::Options options;
    options.mean.assign(static_cast<std::size_t>(d), 1.0);
    options.deviation.assign(deviations.data_ptr<double>(), deviations.data_ptr<double>() + d);
    energy = std::make_shared<Gaussian>(on_euclidean(d, torch::TensorOptions(torch::kDouble)), options);
  }
  torch::Tensor draws(std::int64_t count, Random& random) const {
    return 1 + deviations * random.normal({count, deviations.size(0)}, torch::kDouble);
  }
  torch::Tensor deviations;
  std::shared_ptr<Euclidean> space;
  std::shared_ptr<Gaussian> energy;
};

double off(const NormalizerEstimate& found, double truth) {
  return std::abs(found.value - truth) / *found.standard_error;
}

// The base is of one scale, the model of many: the error is as stated, in ten dimensions and in thirty.
TEST(Annealing, FindsTheNormalizerOfABadlyScaledGaussian) {
  for (const std::int64_t d : {2, 10, 30}) {
    const Scaled model(d);
    Random random(static_cast<std::uint64_t>(d), "annealing");
    const BaseProposal base(model.space, torch::zeros({d}), torch::full({d}, 2.0));
    const auto found =
        bridged_log_normalizer(*model.energy, *model.space, base, model.draws(512, random), {}, random);
    ASSERT_TRUE(found && found->known) << d;
    EXPECT_LT(off(*found, *model.energy->log_normalizer()), 3.5) << d << ": " << found->value;
    EXPECT_LT(*found->standard_error, 0.25) << d;
    EXPECT_LT(*found->forward - *found->reverse, 1) << d;
    const auto quick = sequential_log_normalizer(*model.energy, *model.space, base, {}, random);
    ASSERT_TRUE(quick);
    EXPECT_NEAR(quick->value, *model.energy->log_normalizer(), 0.6) << d;
  }
}

// The stated standard error is that of the scatter about the truth.
TEST(Annealing, TheErrorIsAsStated) {
  const Scaled model(5);
  const double truth = *model.energy->log_normalizer();
  double squares = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Random random(seed, "annealing");
    const BaseProposal base(model.space, torch::zeros({5}), torch::full({5}, 1.5));
    const auto found = bridged_log_normalizer(*model.energy, *model.space, base, model.draws(64, random),
                                              {.walkers = 64}, random);
    ASSERT_TRUE(found && found->known);
    squares += std::pow(off(*found, truth), 2) / 40;
  }
  EXPECT_GT(squares, 0.4);
  EXPECT_LT(squares, 2);  // chi² of 40 degrees: 1 ± 0.22
}

TEST(Annealing, KnowsModesThatTheBaseCovers) {
  TwoModes energy(3, /*log_z=*/2.5);
  Random random(1, "annealing");
  const auto space = std::make_shared<Euclidean>(3);
  auto draws = 0.5 * random.normal({1000, 3}, torch::kDouble);
  draws.select(1, 0) += torch::where(random.uniform({1000}, torch::kDouble) < 0.8, -6.0, 6.0);
  const BaseProposal base(space, torch::zeros({3}), torch::tensor({6.0, 1.0, 1.0}));
  const auto found = bridged_log_normalizer(energy, *space, base, draws, {}, random);
  ASSERT_TRUE(found && found->known);
  EXPECT_LT(off(*found, 2.5), 3.5);
  // A base at one mode alone: walkers never see the other, draws of it come back, and
  // the two ends do not meet.
  const BaseProposal narrow(space, torch::tensor({-6.0, 0.0, 0.0}), torch::full({3}, 0.5));
  const auto lost = bridged_log_normalizer(energy, *space, narrow, draws.narrow(0, 0, 512), {}, random);
  EXPECT_FALSE(lost && lost->known && std::abs(lost->value - 2.5) > 3.5 * *lost->standard_error)
      << "a number that is wrong by more than its error";
}

TEST(Annealing, OnTheSphereFromTheUniformLaw) {
  Random random(3, "annealing");
  VonMisesFisherMixture::Options options;
  options.concentration = 20;
  options.means = {{0, 0, 1}, {1, 0, 0}};
  options.components = 2;
  VonMisesFisherMixture energy(on_sphere(3, torch::TensorOptions(torch::kDouble), random), options);
  const auto sphere = std::make_shared<Sphere>(3);
  const auto found =
      sequential_log_normalizer(energy, *sphere, BaseProposal(sphere), {.walkers = 1000}, random);
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->value, 0, 0.25);
}

TEST(Annealing, SaysNothingWhereItMayNotGoFarEnough) {
  const Scaled model(10);
  Random random(1, "annealing");
  const BaseProposal far(model.space, torch::full({10}, 50.0), torch::ones({10}));
  EXPECT_FALSE(sequential_log_normalizer(*model.energy, *model.space, far, {.most_levels = 3}, random));
}

}  // namespace
}  // namespace ebm::testing
