#include "dualebm/framework/sampling/ensemble.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>
#include <memory>
#include <sstream>

#include "dualebm/framework/sampling/base_proposal.hpp"
#include "dualebm/framework/sampling/composition.hpp"
#include "dualebm/framework/sampling/independence_jump.hpp"
#include "dualebm/framework/sampling/langevin.hpp"
#include "dualebm/framework/sampling/mala.hpp"
#include "dualebm/framework/sampling/resampling.hpp"
#include "dualebm/framework/sampling/underdamped.hpp"
#include "dualebm/models/gaussian.hpp"
#include "tests/framework/sampling/known_moments.hpp"
#include "tests/framework/sampling/two_modes.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::shared_ptr<const Sampler> mala() { return std::make_shared<Mala>(Mala::Options{}); }

/// A kernel that stays where it is, so that weights alone follow the energy.
class Still final : public Sampler {
 public:
  Info step(Energy&, const Domain&, State&, Random&, double) const override { return {}; }
};

void set_parameter(Energy& energy, const std::string& name, double value) {
  const torch::NoGradGuard no_grad;
  energy.named_parameters()[name].fill_(value);
}

TEST(Resampling, CountsAreTheExpectedOnesRoundedEitherWay) {
  Random random(1, "resampling");
  const auto log_weights = 2 * random.normal({1000}, torch::kDouble) - 700;
  const auto expected = 1000 * log_weights.softmax(0);
  auto sum = torch::zeros({1000}, torch::kDouble);
  for (int i = 0; i < 400; ++i) {
    const auto rows = systematic_rows(log_weights, random);
    ASSERT_EQ(rows.size(0), 1000);
    const auto counts = torch::bincount(rows, {}, 1000).to(torch::kDouble);
    ASSERT_LT((counts - expected).abs().max().item<double>(), 1);
    sum += counts;
  }
  // A fraction f of a count is Bernoulli: 5 standard errors of the worst of a thousand.
  EXPECT_LT((sum / 400 - expected).abs().max().item<double>(), 5 * std::sqrt(0.25 / 400));
}

TEST(Resampling, RowsWithoutWeightNeverComeBack) {
  Random random(1, "resampling");
  auto log_weights = torch::zeros({7}, torch::kDouble);
  log_weights[0] = log_weights[3] = log_weights[6] = -infinity;
  for (int i = 0; i < 100; ++i) {
    const auto counts = torch::bincount(systematic_rows(log_weights, random), {}, 7);
    EXPECT_EQ((counts[0] + counts[3] + counts[6]).item<std::int64_t>(), 0);
  }
}

TEST(Resampling, EffectiveShareIsItsFormula) {
  EXPECT_NEAR(effective_share(torch::full({8}, -1000.0, torch::kDouble)).item<double>(), 1, 1e-12);
  const auto one = torch::tensor({0.0, -infinity, -infinity, -infinity}, torch::kDouble);
  EXPECT_NEAR(effective_share(one).item<double>(), 0.25, 1e-12);
  const auto w = torch::tensor({3.0, 1.0, 2.0}, torch::kDouble);
  EXPECT_NEAR(effective_share(w.log()).item<double>(), 36.0 / (3 * 14), 1e-12);
}

// Weighted means follow an energy that moves faster than the particles could: here they do not move at all. A
// wrong sign would send them the other way.
TEST(Ensemble, WeightsFollowTheEnergy) {
  Gaussian energy(on_euclidean(1, torch::kDouble), {});
  Random random(2, "particles");
  Ensemble ensemble(std::make_shared<Still>(), random.normal({20000, 1}, torch::kDouble), 4000,
                    {.resample_below = 0});
  for (int i = 0; i < 10; ++i) {
    ensemble.move(energy, Euclidean(1), random);
    set_parameter(energy, "mean", 0.1 * (i + 1));
    ensemble.follow(ensemble.change(energy), random);
  }
  const auto w = ensemble.weights(), x = ensemble.positions().select(1, 0);
  EXPECT_NEAR(w.sum().item<double>(), 1, 1e-12);
  EXPECT_EQ(w.size(0), 16000);
  const double error = std::sqrt(1 / (16000 * ensemble.effective_share()));
  EXPECT_NEAR(w.dot(x).item<double>(), 1, 4 * error);
  EXPECT_NEAR(w.dot((x - 1).square()).item<double>(), 1, 6 * error);
  // For N(0, 1) against N(1, 1) the effective share is exp(-1).
  EXPECT_NEAR(ensemble.effective_share(), std::exp(-1), 0.03);
}

// The cache that was not renewed, or a weight taken twice, would show: particles move, the energy moves, and
// both weights and kernel must speak of the same energy.
TEST(Ensemble, MovingParticlesStayWithAMovingEnergy) {
  Gaussian energy(on_euclidean(2, torch::kDouble), {});
  Random random(2, "particles");
  Ensemble ensemble(mala(), random.normal({5000, 2}, torch::kDouble), 1000, {});
  int resampled = 0;
  for (int i = 0; i < 300; ++i) {
    ensemble.move(energy, Euclidean(2), random);
    set_parameter(energy, "mean", 0.05 * (i + 1));
    const auto change = ensemble.change(energy);
    EXPECT_EQ(change.gradient_evaluations, 5000);
    resampled += ensemble.follow(change, random);
    ASSERT_LT(distance(ensemble.state().energy(), energy.forward(ensemble.state().positions)), 1e-10);
    ASSERT_LT(distance(ensemble.state().gradient(), energy.gradient(ensemble.state().positions)), 1e-10);
  }
  EXPECT_GT(resampled, 0);
  EXPECT_GT(ensemble.effective_share(), 0.4);
  const auto mean = ensemble.weights().matmul(ensemble.positions());
  // Resampled particles share their past: an effective number of a tenth.
  EXPECT_LT((mean - 15).abs().max().item<double>(), 4 / std::sqrt(400.0));
}

TEST(Ensemble, VarianceIsThatOfTheChangeUnderTheWeights) {
  Gaussian energy(on_euclidean(1, torch::kDouble), {});
  Random random(2, "particles");
  Ensemble ensemble(mala(), random.normal({4000, 1}, torch::kDouble), 500, {});
  ensemble.move(energy, Euclidean(1), random);
  set_parameter(energy, "mean", 0.2);
  ensemble.follow(ensemble.change(energy), random);
  set_parameter(energy, "mean", 0.5);
  const auto change = ensemble.change(energy);
  const auto w = ensemble.weights(), x = ensemble.positions().select(1, 0);
  const auto difference = 0.5 * ((x - 0.5).square() - (x - 0.2).square());
  const auto mean = w.dot(difference);
  EXPECT_NEAR(change.variance.item<double>(), w.dot((difference - mean).square()).item<double>(), 1e-12);
  // ΔE = -0.3 x + ..., Var 0.09.
  EXPECT_NEAR(change.variance.item<double>(), 0.09, 0.01);
  // Nothing has changed: the same again.
  EXPECT_EQ(ensemble.change(energy).variance.item<double>(), change.variance.item<double>());
}

// The rows of a particle stay together: position, energy, gradient and velocity; and groups do not mix.
TEST(Ensemble, ResamplingMovesAllColumnsTogetherWithinGroups) {
  Gaussian energy(on_euclidean(2, torch::kDouble), {});
  Random random(2, "particles");
  auto start = random.normal({600, 2}, torch::kDouble);
  start.narrow(0, 400, 200) += 3;
  Ensemble ensemble(std::make_shared<Underdamped>(Underdamped::Options{}), start, 200, {.resample_below = 1});
  ensemble.move(energy, Euclidean(2), random);
  const auto x = ensemble.state().positions.clone(),
             v = ensemble.state().memory.columns.at("velocity").clone();
  set_parameter(energy, "mean", 0.7);
  ASSERT_TRUE(ensemble.follow(ensemble.change(energy), random));
  const auto after = ensemble.state().positions, velocity = ensemble.state().memory.columns.at("velocity");
  const auto came_from = (after.unsqueeze(1) == x.unsqueeze(0)).all(2).to(torch::kLong).argmax(1);
  EXPECT_TRUE(torch::equal(x.index_select(0, came_from), after));
  EXPECT_TRUE(torch::equal(v.index_select(0, came_from), velocity));
  EXPECT_LT(distance(ensemble.state().energy(), energy.forward(after)), 1e-12);
  EXPECT_LT(distance(ensemble.state().gradient(), energy.gradient(after)), 1e-12);
  EXPECT_LT(came_from.narrow(0, 0, 400).max().item<std::int64_t>(), 400);
  EXPECT_GE(came_from.narrow(0, 400, 200).min().item<std::int64_t>(), 400);
  EXPECT_EQ(ensemble.log_weights().abs().max().item<double>(), 0);
}

// log Z grows by 3 on the way, all of it through Jarzynski's increments of the held-out particles.
TEST(Ensemble, LogNormalizerFollowsByTheWeights) {
  Gaussian energy(on_euclidean(2, torch::kDouble), {});
  Random random(2, "particles");
  Ensemble ensemble(mala(), random.normal({3000, 2}, torch::kDouble), 1500, {});
  EXPECT_TRUE(std::isnan(ensemble.log_normalizer().value()));
  ensemble.set_log_normalizer(energy.log_normalizer().value());
  for (int i = 0; i < 100; ++i) {
    ensemble.move(energy, Euclidean(2), random);
    set_parameter(energy, "log_precision", -0.03 * (i + 1));
    ensemble.follow(ensemble.change(energy), random);
  }
  EXPECT_NEAR(ensemble.log_normalizer().value(), energy.log_normalizer().value(), 0.06);
}

TEST(Ensemble, LogNormalizerComesFromJumpsWithAStandardErrorThatHolds) {
  TwoModes energy(2, 2.5);
  const auto domain = std::make_shared<Euclidean>(2);
  const auto q = std::make_shared<BaseProposal>(domain, torch::zeros({2}), torch::tensor({6.0, 1.0}));
  int inside = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed, "particles");
    Ensemble ensemble(std::make_shared<Composition>(std::vector<std::shared_ptr<const Sampler>>{
                          mala(), std::make_shared<IndependenceJump>(q, 0.2)}),
                      q->sample(500, random, torch::kDouble), 100, {});
    for (int i = 0; i < 600; ++i) {  // the error is known from 10 / gain = 500 on
      ensemble.move(energy, *domain, random);
      set_parameter(energy, "shift", 2.5 + 2.0 * (i + 1) / 600);
      ensemble.follow(ensemble.change(energy), random);
    }
    const auto& track = ensemble.log_normalizer();
    // Of use, though it holds the lag behind an energy that moves by 2 nats: at 0.003 an iteration and a
    // memory of 1 / gain = 50 iterations that is 0.17, were nothing carried along.
    EXPECT_LT(track.standard_error(), 0.15);
    inside += std::abs(track.value() - 4.5) < 2 * track.standard_error();
    set_parameter(energy, "shift", 2.5);
  }
  EXPECT_GE(inside, 17);
}

TEST(Ensemble, IsReadBackBitForBit) {
  TwoModes energy(2);
  const auto domain = std::make_shared<Euclidean>(2);
  const auto q = std::make_shared<BaseProposal>(domain, torch::zeros({2}), torch::tensor({6.0, 1.0}));
  const auto sampler = std::make_shared<Composition>(std::vector<std::shared_ptr<const Sampler>>{
      std::make_shared<Underdamped>(Underdamped::Options{}), std::make_shared<IndependenceJump>(q, 0.2)});
  Random random(1, "particles"), again(2, "particles");
  Ensemble one(sampler, q->sample(300, random, torch::kDouble), 60, {});
  Ensemble other(sampler, torch::zeros({300, 2}, torch::kDouble), 60, {});
  const auto iterate = [&](Ensemble& ensemble, Random& stream, int i) {
    ensemble.move(energy, *domain, stream);
    set_parameter(energy, "shift", 0.1 * i);
    ensemble.follow(ensemble.change(energy), stream);
  };
  for (int i = 0; i < 10; ++i) iterate(one, random, i);
  State archive;
  one.save(archive);
  other.load(archive);
  again.set_state(random.state());
  for (int i = 10; i < 15; ++i) {
    iterate(one, random, i);
    set_parameter(energy, "shift", 0.1 * (i - 1));
    iterate(other, again, i);
    EXPECT_TRUE(torch::equal(one.state().positions, other.state().positions));
    EXPECT_TRUE(torch::equal(one.log_weights(), other.log_weights()));
    EXPECT_EQ(one.log_normalizer().value(), other.log_normalizer().value());
    const double error = one.log_normalizer().standard_error(),
                 as_read = other.log_normalizer().standard_error();
    EXPECT_TRUE(error == as_read || (std::isnan(error) && std::isnan(as_read))) << error << ", " << as_read;
  }
  Ensemble smaller(sampler, torch::zeros({299, 2}, torch::kDouble), 60, {});
  expect_contains(user_error([&] { smaller.load(archive); }), "300 particles instead of 299");
}

// A kernel without a cache costs energies, not gradients.
TEST(Ensemble, ServesKernelsThatKeepNothing) {
  Gaussian energy(on_euclidean(2, torch::kDouble), {});
  Random random(2, "particles");
  Ensemble ensemble(std::make_shared<Langevin>(Langevin::Options{}), random.normal({200, 2}, torch::kDouble),
                    0, {});
  const auto info = ensemble.move(energy, Euclidean(2), random);
  EXPECT_EQ(info.gradient_evaluations, 200);
  EXPECT_EQ(info.energy_evaluations, 200);
  const auto change = ensemble.change(energy);
  EXPECT_EQ(change.gradient_evaluations, 0);
  EXPECT_EQ(change.energy_evaluations, 200);
}

TEST(Ensemble, MistakesAreNamed) {
  Gaussian energy(on_euclidean(2, torch::kDouble), {});
  const auto points = torch::zeros({10, 2}, torch::kDouble);
  expect_contains(user_error([&] { Ensemble(mala(), points, 10, {}); }),
                  "10 of 10 particles cannot be held out");
  expect_contains(user_error([&] { Ensemble(mala(), points, 0, {}).change(energy); }), "move them before");
  expect_contains(user_error([&] { Ensemble(mala(), points, 0, {.resample_below = 2}); }),
                  "ensemble.resample_below: expected a number in [0, 1]");
}

}  // namespace
}  // namespace ebm::testing
