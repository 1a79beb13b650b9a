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
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

Gaussian line(double mean = 0) { return {on_euclidean(1, torch::kDouble), {.mean = {mean}}}; }

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
  Shallow energy(on_sphere(3, torch::kDouble, one), {.neurons = 8}),
      moved(on_sphere(3, torch::kDouble, other), {.neurons = 8});
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
  Cost accumulate(const torch::Tensor& batch, const Iteration&) override {
    energy().accumulate_gradient(batch, torch::full({batch.size(0)}, 1.0 / batch.size(0), batch.options()));
    return {.parameter_gradients = batch.size(0)};
  }
};

/// Points at 4, a mean that sets out from 0 and goes a tenth of the way each time.
struct DescentRun {
  explicit DescentRun(double decay, double clip = 0)
      : training(std::make_shared<Descent>(TrainerContext{
                     .energy = energy, .problem = problem, .random = std::make_shared<Random>(1, "noise")}),
                 optimizer, {.gradient_clip = clip, .average_decay = decay, .recoveries = 0}) {}

  /// So many iterations more.
  FitResult to(std::int64_t iterations) {
    return fit(training, {.iterations = training.progress().iteration + iterations, .evaluate_every = 1});
  }
  /// The mean that training goes on from, whatever the energy shows.
  double own_mean() const { return training.save().tensor("energy.mean").item<double>(); }

  torch::Tensor data = torch::full({3, 4}, 4.0, torch::kDouble);
  // Too many coordinates for a grid.
  std::shared_ptr<const Problem> problem =
      std::make_shared<Problem>(std::make_shared<Euclidean>(4), Dataset{.train = data});
  std::shared_ptr<Moody> energy = std::make_shared<Moody>();
  std::shared_ptr<torch::optim::SGD> optimizer =
      std::make_shared<torch::optim::SGD>(energy->parameters(), torch::optim::SGDOptions(0.1));
  Training training;
};

// Means of 0, 0.4, 0.76 and averages of 0, 0.36, 2/11 · 0.36 + 9/11 · 0.76; training goes on from the mean,
// and the run ends with the average.
TEST(Fit, EvaluatesTheAverageInEvaluationModeAndTrainsTheRest) {
  DescentRun run(0.9);
  run.to(2);
  const std::vector<double> expected = {0, 0.36, (2 * 0.36 + 9 * 0.76) / 11};
  ASSERT_EQ(run.energy->seen.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(run.energy->seen[i], expected[i], 1e-15) << i;
  EXPECT_NEAR(run.own_mean(), 0.76, 1e-15);
  EXPECT_NEAR(mean_in(*run.energy), expected[2], 1e-15) << "the result is the average";
  EXPECT_TRUE(run.energy->is_training());
  run.training.step(run.data);
  EXPECT_NEAR(mean_in(*run.energy), 0.76 + 0.1 * (4 - 0.76), 1e-15) << "the next step goes on from its own";
}

TEST(Fit, AnEvaluationThatFailsLeavesParametersAndModeAsTheyWere) {
  DescentRun run(0.9);
  run.to(2);
  run.energy->broken = true;
  user_error([&] { run.to(1); });
  EXPECT_NEAR(mean_in(*run.energy), 0.76 + 0.1 * (4 - 0.76), 1e-15);
  EXPECT_TRUE(run.energy->is_training());
}

// The gradient is -4 at the start: clipped to 1 the step is 0.1, and a limit above it changes nothing.
TEST(GradientClip, ShortensTheGradientAndKeepsItsDirection) {
  for (const auto& [clip, mean] : {std::pair{1.0, 0.1}, std::pair{4.5, 0.4}, std::pair{0.0, 0.4}}) {
    DescentRun run(0, clip);
    run.training.step(run.data);
    EXPECT_NEAR(mean_in(*run.energy), mean, 1e-15) << clip;
  }
}

// Of N(μ, 1) on a point x: ∂_μ = μ - x and ∂_{log λ} = ½ (x - μ)². At x - μ = 4 that is (-4, 8), of norm √80.
TEST(GradientClip, IsOfAllParametersTogether) {
  const auto energy = std::make_shared<Gaussian>(on_euclidean(1, torch::kDouble), Gaussian::Options{});
  const auto data = torch::full({3, 1}, 4.0, torch::kDouble);
  Training training(
      std::make_shared<Descent>(TrainerContext{
          .energy = energy,
          .problem = std::make_shared<Problem>(std::make_shared<Euclidean>(1), Dataset{.train = data}),
          .random = std::make_shared<Random>(1, "noise")}),
      std::make_shared<torch::optim::SGD>(energy->parameters(), torch::optim::SGDOptions(1.0)),
      {.gradient_clip = 2});
  training.step(data);
  EXPECT_NEAR(mean_in(*energy), 4 * 2 / std::sqrt(80.0), 1e-14);
  EXPECT_NEAR(energy->named_parameters()["log_precision"].item<double>(), -8 * 2 / std::sqrt(80.0), 1e-14);
}

TEST(TrainingOptions, OutOfTheirRangeAreErrors) {
  expect_contains(user_error([] { DescentRun(0, -1); }),
                  "training.gradient_clip: expected a number >= 0, found -1");
  expect_contains(user_error([] { DescentRun(0, std::nan("")); }), "training.gradient_clip");
  for (const double decay : {-0.1, 1.0, std::nan("")}) {
    expect_contains(user_error([&] { DescentRun{decay}; }),
                    "training.average_decay: expected a number in [0, 1)");
  }
}

TEST(Checkpoint, HoldsTheParametersAndTheirAverage) {
  const TemporaryFolder folder;
  DescentRun whole(0.9), first(0.9), second(0.9), without(0);
  whole.to(5);
  first.to(3);
  save_checkpoint(folder / "c.ebm", first.training);
  load_checkpoint(folder / "c.ebm", second.training);
  EXPECT_EQ(mean_in(*second.energy), first.own_mean());
  for (int t = 3; t < 5; ++t) second.training.step(second.data);
  second.training.show_result();
  EXPECT_EQ(mean_in(*second.energy), mean_in(*whole.energy));

  // `sample` and `evaluate` read the average, a run that keeps none goes on with the parameters.
  Moody read;
  load_energy_of_checkpoint(folder / "c.ebm", read);
  EXPECT_EQ(mean_in(read), first.energy->seen.back());
  EXPECT_NE(mean_in(read), first.own_mean());
  load_checkpoint(folder / "c.ebm", without.training);
  EXPECT_EQ(mean_in(*without.energy), first.own_mean());
}

// An average that a run begins late begins where it stands, not where it was made.
TEST(Checkpoint, WithoutAnAverageLetsOneBegin) {
  const TemporaryFolder folder;
  DescentRun without(0), with(0.9);
  without.to(3);
  save_checkpoint(folder / "c.ebm", without.training);
  load_checkpoint(folder / "c.ebm", with.training);
  const AveragedParameters averaged(*with.energy, with.training.average());
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
