#include "dualebm/framework/training/parameter_average.hpp"

#include <ATen/ATen.h>
#include <torch/optim/sgd.h>

#include <algorithm>
#include <cmath>

#include "dualebm/framework/problem/evaluation_mode.hpp"
#include "dualebm/framework/storage/checkpoint.hpp"
#include "dualebm/framework/training/fit.hpp"
#include "dualebm/models/gaussian.hpp"
#include "dualebm/models/shallow.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

Gaussian line(double mean = 0) { return {1, {.mean = {mean}}, torch::kDouble}; }

void set_mean(Energy& energy, double value) {
  const torch::NoGradGuard no_grad;
  energy.named_parameters()["mean"].fill_(value);
}

double mean_in(const Energy& energy) { return energy.named_parameters()["mean"].item<double>(); }

// Decay 0.3: μ = 1/10, 2/11, 3/12 and then, where (1 + 3)/(10 + 3) = 0.308 has passed it, 0.3.
TEST(ParameterAverage, FollowsTheRecursionByHand) {
  auto energy = line(5);
  ParameterAverage average(energy, 0.3);
  double expected = 5;
  const double keep[] = {0.1, 2.0 / 11, 0.25, 0.3, 0.3};
  for (int t = 0; t < 5; ++t) {
    const double value = std::cos(t);
    set_mean(energy, value);
    average.update(energy);
    expected = keep[t] * expected + (1 - keep[t]) * value;
    auto copy = line();
    average.write_to(copy);
    EXPECT_NEAR(mean_in(copy), expected, 1e-15) << t;
  }
}

TEST(ParameterAverage, DecayOutsideItsRangeIsAnError) {
  const auto energy = line();
  for (const double decay : {-0.1, 1.0}) {
    expect_contains(user_error([&] { ParameterAverage(energy, decay); }), "average_decay must be in [0, 1)");
  }
}

TEST(ParameterAverage, OfUnitVectorsIsAdmissible) {
  Random one(1, "parameters"), other(2, "parameters");
  Shallow energy(3, {.neurons = 8}, one, torch::kDouble), moved(3, {.neurons = 8}, other, torch::kDouble);
  ParameterAverage average(energy, 0.9);
  average.update(moved);
  average.write_to(energy);
  EXPECT_LT((energy.neurons().positions.norm(2, 1) - 1).abs().max().item<double>(), 1e-15);
}

TEST(AveragedParameters, AreSwappedOutToTheBitAlsoByAnException) {
  auto energy = line(1.0 / 3);
  const auto before = energy.parameters()[0].detach().clone();
  auto elsewhere = line(7);
  const ParameterAverage average(elsewhere, 0.9);
  {
    const AveragedParameters averaged(energy, &average);
    EXPECT_EQ(mean_in(energy), 7);
  }
  EXPECT_TRUE(torch::equal(energy.parameters()[0], before));
  try {
    const AveragedParameters averaged(energy, &average);
    throw std::runtime_error("an evaluation that fails");
  } catch (const std::runtime_error&) {
  }
  EXPECT_TRUE(torch::equal(energy.parameters()[0], before));
  const AveragedParameters none(energy, nullptr);
  EXPECT_TRUE(torch::equal(energy.parameters()[0], before));
}

/// Refuses to be projected.
class Stubborn final : public Energy {
 public:
  Stubborn() { register_parameter("mean", torch::zeros({1}, torch::kDouble)); }
  torch::Tensor forward(const torch::Tensor& x) override { return x.sum(1); }
  void project_parameters() override { fail("no admissible parameters"); }
};

TEST(AveragedParameters, AreSwappedOutWhenTheySwapInInVain) {
  Stubborn energy;
  ParameterAverage average(energy, 0.9);
  set_mean(energy, 3);
  user_error([&] { AveragedParameters(energy, &average); });
  EXPECT_EQ(mean_in(energy), 3);
}

/// A Gaussian that can be evaluated in one mode only, or not at all.
class Moody final : public Energy {
 public:
  Moody() : mean_(register_parameter("mean", torch::zeros({1}, torch::kDouble))) {}
  torch::Tensor forward(const torch::Tensor& x) override { return 0.5 * (x - mean_).square().mean(1); }
  std::optional<double> log_normalizer() const override {
    seen.push_back(mean_.item<double>());
    return is_training() || broken ? std::nan("") : 0.9;
  }
  mutable std::vector<double> seen;
  bool broken = false;

 private:
  torch::Tensor mean_;
};

/// Descends the energy at the batch alone.
class Descent final : public Trainer {
 public:
  using Trainer::Trainer;

 protected:
  std::int64_t accumulate(const torch::Tensor& batch) override {
    energy().accumulate_gradient(batch, torch::full({batch.size(0)}, 1.0 / batch.size(0), batch.options()));
    return batch.size(0);
  }
};

/// Points at 4, a mean that sets out from 0 and goes a tenth of the way each time.
struct DescentRun {
  explicit DescentRun(double decay, double clip = 0)
      : trainer({.energy = energy,
                 .domain = domain,
                 .optimizer = optimizer,
                 .data = data,
                 .random = std::make_shared<Random>(1, "noise"),
                 .gradient_clip = clip,
                 .average_decay = decay}) {}

  FitResult to(std::int64_t iterations) {
    const Evaluator evaluator(domain, {.train = data}, {.every = 1});
    return fit(trainer, *energy, data, batches, evaluator, {.iterations = iterations}, {});
  }

  torch::Tensor data = torch::full({3, 3}, 4.0, torch::kDouble);
  std::shared_ptr<Euclidean> domain = std::make_shared<Euclidean>(3);  // too many coordinates for a grid
  std::shared_ptr<Moody> energy = std::make_shared<Moody>();
  std::shared_ptr<torch::optim::SGD> optimizer =
      std::make_shared<torch::optim::SGD>(energy->parameters(), torch::optim::SGDOptions(0.1));
  Random batches{1, "batches"};
  Descent trainer;
};

// Means of 0, 0.4, 0.76 and averages of 0, 0.36, 2/11 · 0.36 + 9/11 · 0.76; training goes on from the mean.
TEST(Fit, EvaluatesTheAverageInEvaluationModeAndTrainsTheRest) {
  DescentRun run(0.9);
  run.to(2);
  const std::vector<double> expected = {0, 0.36, (2 * 0.36 + 9 * 0.76) / 11};
  ASSERT_EQ(run.energy->seen.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(run.energy->seen[i], expected[i], 1e-15) << i;
  EXPECT_NEAR(mean_in(*run.energy), 0.76, 1e-15);
  EXPECT_TRUE(run.energy->is_training());
}

TEST(Fit, AnEvaluationThatFailsLeavesParametersAndModeAsTheyWere) {
  DescentRun run(0.9);
  run.to(2);
  run.energy->broken = true;
  user_error([&] { run.to(1); });
  EXPECT_NEAR(mean_in(*run.energy), 0.76, 1e-15);
  EXPECT_TRUE(run.energy->is_training());
}

// The gradient is -4 at the start: clipped to 1 the step is 0.1, and a limit above it changes nothing.
TEST(GradientClip, ShortensTheGradientAndKeepsItsDirection) {
  for (const auto& [clip, mean] : {std::pair{1.0, 0.1}, std::pair{4.5, 0.4}, std::pair{0.0, 0.4}}) {
    DescentRun run(0, clip);
    run.trainer.step(run.data);
    EXPECT_NEAR(mean_in(*run.energy), mean, 1e-15) << clip;
  }
}

// Of N(μ, 1) on a point x: ∂_μ = μ - x and ∂_{log λ} = ½ (x - μ)². At x - μ = 4 that is (-4, 8), of norm √80.
TEST(GradientClip, IsOfAllParametersTogether) {
  const auto energy = std::make_shared<Gaussian>(1, Gaussian::Options{}, torch::kDouble);
  const auto data = torch::full({3, 3}, 4.0, torch::kDouble);
  Descent trainer(
      {.energy = energy,
       .domain = std::make_shared<Euclidean>(1),
       .optimizer = std::make_shared<torch::optim::SGD>(energy->parameters(), torch::optim::SGDOptions(1.0)),
       .data = data,
       .random = std::make_shared<Random>(1, "noise"),
       .gradient_clip = 2});
  trainer.step(data);
  EXPECT_NEAR(mean_in(*energy), 4 * 2 / std::sqrt(80.0), 1e-14);
  EXPECT_NEAR(energy->named_parameters()["log_precision"].item<double>(), -8 * 2 / std::sqrt(80.0), 1e-14);
}

TEST(GradientClip, MustNotBeNegative) {
  expect_contains(user_error([] { DescentRun(0, -1); }), "gradient_clip must not be negative");
}

TEST(Checkpoint, HoldsTheParametersAndTheirAverage) {
  const TemporaryFolder folder;
  DescentRun whole(0.9), first(0.9), second(0.9), without(0);
  whole.to(5);
  const TrainingState state{*first.energy, *first.optimizer, first.trainer, first.batches};
  save_checkpoint(folder / "c.pt", state, first.to(3).progress);
  load_checkpoint(folder / "c.pt", {*second.energy, *second.optimizer, second.trainer, second.batches});
  EXPECT_EQ(mean_in(*second.energy), mean_in(*first.energy));
  for (int t = 3; t < 5; ++t) second.trainer.step(second.data);
  const AveragedParameters a(*whole.energy, whole.trainer.average());
  const AveragedParameters b(*second.energy, second.trainer.average());
  EXPECT_EQ(mean_in(*second.energy), mean_in(*whole.energy));

  // `sample` and `evaluate` read the average, a run that keeps none goes on with the parameters.
  Moody read;
  load_energy_of_checkpoint(folder / "c.pt", read);
  EXPECT_EQ(mean_in(read), first.energy->seen.back());
  EXPECT_NE(mean_in(read), mean_in(*first.energy));
  load_checkpoint(folder / "c.pt", {*without.energy, *without.optimizer, without.trainer, without.batches});
  EXPECT_EQ(mean_in(*without.energy), mean_in(*first.energy));
}

// An average that a run begins late begins where it stands, not where it was made.
TEST(Checkpoint, WithoutAnAverageLetsOneBegin) {
  const TemporaryFolder folder;
  DescentRun without(0), with(0.9);
  const auto progress = without.to(3).progress;
  save_checkpoint(folder / "c.pt", {*without.energy, *without.optimizer, without.trainer, without.batches},
                  progress);
  load_checkpoint(folder / "c.pt", {*with.energy, *with.optimizer, with.trainer, with.batches});
  const AveragedParameters averaged(*with.energy, with.trainer.average());
  EXPECT_EQ(mean_in(*with.energy), mean_in(*without.energy));
}

TEST(EvaluationMode, ComesBackAsItWas) {
  auto energy = line();
  {
    const EvaluationMode mode(energy);
    EXPECT_FALSE(energy.is_training());
  }
  EXPECT_TRUE(energy.is_training());
  energy.eval();
  { const EvaluationMode mode(energy); }
  EXPECT_FALSE(energy.is_training());
}

}  // namespace
}  // namespace ebm::testing
