#include "dualebm/trainers/persistent_contrastive_divergence.hpp"

#include <ATen/ATen.h>

#include "dualebm/models/gaussian.hpp"
#include "dualebm/trainers/dual_gda.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"
#include "tests/trainers/gradients.hpp"

namespace ebm::testing {
namespace {

using Replay = PersistentContrastiveDivergence;

/// Steps so small that chains stay where they start, to be seen.
constexpr double still = 1e-24;

/// Rows (1000 + i, 1000 + i): far from the base measure N(0, I).
torch::Tensor far_points(std::int64_t count) {
  return (1000 + torch::arange(count, torch::kDouble)).unsqueeze(1).repeat({1, 2});
}

TrainerContext in_the_plane(const torch::Tensor& data) {
  return context_of(std::make_shared<Gaussian>(on_euclidean(2, torch::kDouble), Gaussian::Options{}),
                    std::make_shared<Euclidean>(2), data);
}

/// Which rows of two buffers differ, as numbers.
torch::Tensor changed(const torch::Tensor& before, const torch::Tensor& after) {
  return ((before - after).abs() > 1e-6).any(1).to(torch::kDouble);
}

TEST(ReplayBuffer, BeginsWhereItIsTold) {
  const auto data = far_points(50);
  Replay at_data(in_the_plane(data), {.buffer_size = 20, .start = "data"});
  Replay at_base(in_the_plane(data), {.buffer_size = 20, .start = "base"});
  EXPECT_GE(at_data.particles().min().item<double>(), 1000);
  EXPECT_LT(at_base.particles().max().item<double>(), 10);
  EXPECT_EQ(std::get<0>(at::_unique(at_data.particles().select(1, 0))).numel(), 20) << "each point once";
}

// Without restarts, 30 of 100 chains take part in an update, and over many updates all of them.
TEST(ReplayBuffer, AnUpdateMovesAsManyChainsAsAskedOrAsTheBatchHas) {
  const auto data = far_points(30);
  for (const std::int64_t chains : {0, 12}) {
    Replay trainer(in_the_plane(data), {.buffer_size = 100, .chains = chains, .reinitialisation = 0});
    auto moved = torch::zeros({100}, torch::kDouble);
    for (int t = 0; t < 100; ++t) {
      const auto before = trainer.particles().clone();
      trainer.accumulate(data, Iteration(t + 1));
      const auto now = changed(before, trainer.particles());
      ASSERT_EQ(now.sum().item<double>(), chains == 0 ? 30 : 12);
      moved += now;
    }
    EXPECT_GT(moved.min().item<double>(), 0);
  }
}

TEST(ReplayBuffer, ABatchLargerThanTheBufferMovesAllOfIt) {
  Replay trainer(in_the_plane(far_points(30)), {.buffer_size = 10, .langevin_steps = 1});
  const auto before = trainer.particles().clone();
  const auto cost = trainer.accumulate(far_points(30), Iteration(1));
  EXPECT_EQ(cost.point_gradients, 10);
  EXPECT_EQ(cost.parameter_gradients, 30 + 10);
  EXPECT_EQ(cost.gradients(), 10 + 30 + 10);
  EXPECT_EQ(changed(before, trainer.particles()).sum().item<double>(), 10);
}

// Binomial(20000, 0.1): 2000 ± 42, restarted at the base; the others stand still.
TEST(ReplayBuffer, RestartsTheFractionAsked) {
  Replay trainer(in_the_plane(far_points(5)),
                 {.buffer_size = 20'000, .chains = 20'000, .reinitialisation = 0.1, .particle_step = still});
  const auto before = trainer.particles().clone();
  trainer.accumulate(far_points(5), Iteration(1));
  const double restarted = changed(before, trainer.particles()).sum().item<double>();
  EXPECT_NEAR(restarted, 2000, 4 * 42);
}

// The given noise is the chains' and the schedule's h is not: K = 4 steps of standard deviation 0.5 each.
TEST(ReplayBuffer, ChainsTakeTheirNoiseAndNumberOfStepsFromTheOptions) {
  Replay trainer(in_the_plane(far_points(5)), {.buffer_size = 20'000,
                                               .chains = 20'000,
                                               .reinitialisation = 0,
                                               .langevin_steps = 4,
                                               .particle_step = still,
                                               .noise = 0.5});
  const auto before = trainer.particles().clone();
  trainer.accumulate(far_points(5), Iteration(1));
  const double variance = (trainer.particles() - before).square().mean().item<double>();
  EXPECT_NEAR(variance, 4 * 0.25, 4 * std::sqrt(2.0 / 40'000));
}

// ∇E = x at points of norm 1414 or more, clipped to 1: K steps of 0.1 move by K/10 and no more.
TEST(ReplayBuffer, ChainsTakeTheirClipFromTheOptions) {
  Replay trainer(in_the_plane(far_points(40)), {.buffer_size = 40,
                                                .start = "data",
                                                .reinitialisation = 0,
                                                .langevin_steps = 5,
                                                .particle_step = 0.1,
                                                .noise = 0.0,
                                                .gradient_clip = 1});
  const auto before = trainer.particles().clone();
  trainer.accumulate(far_points(40), Iteration(1));
  const auto moved = (before - trainer.particles()).norm(2, 1);
  EXPECT_LT(distance(moved, torch::full({40}, 0.5)), 1e-9);
}

/// L of the header at given chains, by autograd, for comparison.
torch::Tensor loss(Energy& energy, const torch::Tensor& x, const torch::Tensor& chains, double alpha) {
  const auto at_data = energy.forward(x), at_chains = energy.forward(chains);
  return at_data.mean() - at_chains.mean() + alpha * (at_data.square().mean() + at_chains.square().mean());
}

TEST(PersistentContrastiveDivergence, GradientIsThatOfTheLoss) {
  for (const double alpha : {0.0, 0.3}) {
    const std::shared_ptr<Energy> energy = std::make_shared<ByAutograd>(softplus_energy(3, 5, 8));
    Random random(5, "points");
    const auto sphere = std::make_shared<Sphere>(3);
    const auto x = sphere->sample_base(20, random, torch::kDouble);
    Replay trainer(context_of(energy, sphere, x),
                   {.buffer_size = 7, .chains = 7, .energy_regularisation = alpha});
    const auto found = gradient_of(trainer, x);
    EXPECT_LT((trainer.particles().norm(2, 1) - 1).abs().max().item<double>(), 1e-14)
        << "chains left the sphere";
    energy->zero_grad(/*set_to_none=*/true);
    loss(*energy, x, trainer.particles(), alpha).backward();
    EXPECT_LT(distance(found, flat_gradient(*energy)), 1e-14) << alpha;
    EXPECT_GT(found.norm().item<double>(), 1e-3);
  }
}

/// Notes in which mode it was asked for what.
class ModeRecorder final : public Energy {
 public:
  ModeRecorder() : shift_(register_parameter("shift", torch::zeros({2}, torch::kDouble))) {}
  torch::Tensor forward(const torch::Tensor& x) override { return 0.5 * (x - shift_).square().sum(1); }
  torch::Tensor gradient(const torch::Tensor& x) override {
    moved_in_training = moved_in_training || is_training();
    return Energy::gradient(x);
  }
  void accumulate_gradient(const torch::Tensor& x, const torch::Tensor& weight) override {
    trained_in_evaluation = trained_in_evaluation || !is_training();
    Energy::accumulate_gradient(x, weight);
  }
  bool moved_in_training = false, trained_in_evaluation = false;

 private:
  torch::Tensor shift_;
};

template <class T>
void expect_modes() {
  const auto energy = std::make_shared<ModeRecorder>();
  T trainer(context_of(energy, std::make_shared<Euclidean>(2), far_points(10)), {});
  trainer.accumulate(far_points(10), Iteration(1));
  EXPECT_FALSE(energy->moved_in_training);
  EXPECT_FALSE(energy->trained_in_evaluation);
  EXPECT_TRUE(energy->is_training());
}

TEST(Modes, ParticlesMoveInEvaluationModeParametersTrainInTraining) {
  expect_modes<Replay>();
  expect_modes<DualGda>();
}

TEST(PersistentContrastiveDivergence, MoreChainsThanTheBufferAreAnError) {
  expect_contains(user_error([] { Replay(in_the_plane(far_points(5)), {.buffer_size = 10, .chains = 11}); }),
                  "chains 11 cannot be drawn from a buffer_size of 10");
}

}  // namespace
}  // namespace ebm::testing
