#include "dualebm/framework/training/recovery.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <torch/optim/sgd.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/training/callbacks/metrics_file.hpp"
#include "dualebm/framework/training/fit.hpp"
#include "dualebm/framework/training/watch.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// E(x) = c x²/2 + b, in which c drifts by its learning rate: what happens at which rate is known.
struct Bowl final : Energy {
  torch::Tensor forward(const torch::Tensor& x) override { return curvature * x.select(1, 0).square() / 2; }
  torch::Tensor curvature = register_parameter("curvature", torch::ones({}, torch::kDouble));
};

/// Adds one to the gradient in every iteration, so that c falls by the learning rate; trouble by order.
class ScriptedTrainer final : public Trainer {
 public:
  using Trainer::Trainer;
  Cost accumulate(const torch::Tensor& batch, const Iteration& iteration) override {
    rates_seen.push_back(iteration.particle_scale);
    auto gradient = torch::ones({}, torch::kDouble);
    if (iteration.number() == not_finite_at && !(only_once && done_)) gradient.fill_(NAN), done_ = true;
    energy().parameters()[0].mutable_grad() = gradient;
    drawn_ += random().uniform({1}, torch::kDouble).item<double>();
    return {.parameter_gradients = batch.size(0)};
  }
  torch::Tensor particles() const override { return torch::full({50, 1}, particles_at, torch::kDouble); }
  std::optional<std::string> complaint(std::int64_t iteration) override {
    if (iteration == complains_at) return "the particles are unwell";
    return std::nullopt;
  }
  void save(State& state) const override { state.write("drawn", drawn_); }
  void load(const State& state) override { drawn_ = state.number("drawn"); }
  double drawn() const { return drawn_; }

  std::int64_t not_finite_at = -1, complains_at = -1;
  bool only_once = true;
  double particles_at = 1;
  std::vector<double> rates_seen;

 private:
  bool done_ = false;
  double drawn_ = 0;
};

struct RecoveriesTold final : Callback {
  void on_recovery(const Recovery& recovery) override { told.push_back(to_string(recovery)); }
  std::vector<std::string> told;
};

struct RecoveringRun {
  explicit RecoveringRun(Training::Options options = {.recoveries = 2, .watch_every = 10}) {
    trainer = std::make_shared<ScriptedTrainer>(TrainerContext{
        .energy = energy,
        .problem = std::make_shared<Problem>(std::make_shared<Euclidean>(1),
                                             Dataset{.train = torch::ones({50, 1}, torch::kDouble)}),
        .random = std::make_shared<Random>(1, "noise")});
    training = std::make_unique<Training>(
        trainer, std::make_shared<torch::optim::SGD>(energy->parameters(), torch::optim::SGDOptions(1e-3)),
        std::move(options));
  }
  FitResult to(std::int64_t iterations) {
    return fit(*training, {.iterations = iterations, .evaluate_every = 5, .evaluator = evaluator}, {&told});
  }
  double curvature() const { return energy->curvature.item<double>(); }

  std::shared_ptr<Bowl> energy = std::make_shared<Bowl>();
  std::shared_ptr<ScriptedTrainer> trainer;
  std::unique_ptr<Training> training;
  RecoveriesTold told;
  std::shared_ptr<const Evaluator> evaluator = std::make_shared<Evaluator>(std::make_shared<Problem>(
      std::make_shared<Euclidean>(1), Dataset{.train = torch::ones({5, 1}, torch::kDouble)}));
};

// At iteration 33 the good states are of 20 and 30: back to 20, c = 1 - 20 h; then 30 iterations of h/2.
TEST(Recovery, GoesBackToTheGoodStateBeforeLastAndGoesOnWithHalfTheRates) {
  RecoveringRun run;
  run.trainer->not_finite_at = 33;
  const auto result = run.to(50);
  EXPECT_EQ(result.end, RunEnd::finished);
  EXPECT_EQ(result.progress.iteration, 50);
  EXPECT_NEAR(run.curvature(), 1 - 20e-3 - 30 * 0.5e-3, 1e-12);
  ASSERT_EQ(run.training->recoveries().size(), 1U);
  const auto& recovery = run.training->recoveries()[0];
  EXPECT_EQ(recovery.iteration, 33);
  EXPECT_EQ(recovery.back_to, 20);
  EXPECT_EQ(recovery.rate_factor, 0.5);
  EXPECT_EQ(recovery.step_factor, 0.5);
  EXPECT_EQ(run.trainer->rates_seen.front(), 1);
  EXPECT_EQ(run.trainer->rates_seen.back(), 0.5);
  ASSERT_EQ(run.told.told.size(), 1U);
  expect_contains(run.told.told[0],
                  "iteration 33, back to 20, learning rates times 0.5, particles' steps times 0.5: ");
  expect_contains(run.told.told[0], "the gradient of \"curvature\" is not finite");
  // What was lost has cost what it has cost: 32 iterations and the 33rd that was never counted, then 30.
  EXPECT_EQ(result.progress.gradient_evaluations, (32 + 30) * 50);
  // Every evaluation once: those after iteration 20 were made again.
  std::vector<std::int64_t> recorded;
  for (const auto& record : run.training->records()) recorded.push_back(record.progress.iteration);
  EXPECT_EQ(recorded, (std::vector<std::int64_t>{0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50}));
}

TEST(Recovery, ComplaintsShortenRatesAlone) {
  RecoveringRun run;
  run.trainer->complains_at = 40;
  const auto message = user_error([&] { run.to(50); });
  expect_contains(message, "iteration 40: the particles are unwell; it was taken back 2 times before");
  ASSERT_EQ(run.training->recoveries().size(), 2U);
  EXPECT_EQ(run.training->recoveries()[1].rate_factor, 0.25);
  EXPECT_EQ(run.training->recoveries()[1].step_factor, 1);
  EXPECT_EQ(run.training->recoveries()[0].back_to, 20);
}

// E of the data is c/2; particles at 100 have energies of 5000.
TEST(Recovery, AGapOfEnergiesIsTrouble) {
  RecoveringRun run;
  EXPECT_EQ(trouble_in(*run.trainer, 1), std::nullopt);
  run.trainer->particles_at = 4;  // 8 nats: as far as it may be
  EXPECT_EQ(trouble_in(*run.trainer, 1), std::nullopt);
  run.trainer->particles_at = 100;
  expect_contains(trouble_in(*run.trainer, 1).value_or(""), "particles have energies of 5000, data of 0.5");
  run.trainer->particles_at = NAN;
  expect_contains(trouble_in(*run.trainer, 1).value_or(""), "energies at particles are not finite");
}

TEST(Recovery, WithoutAnyTheFirstTroubleEndsTheRunAndNobodyLooks) {
  RecoveringRun run({.recoveries = 0, .watch_every = 10});
  run.trainer->complains_at = 10;
  run.trainer->not_finite_at = 33;
  expect_contains(user_error([&] { run.to(50); }),
                  "iteration 33: the gradient of \"curvature\" is not finite");
  EXPECT_NEAR(run.curvature(), 1 - 32e-3, 1e-12);
}

// Looks draw nothing and change nothing.
TEST(Recovery, LookingChangesNoBit) {
  RecoveringRun watched({.recoveries = 2, .watch_every = 3}), alone({.recoveries = 0});
  watched.to(50);
  alone.to(50);
  EXPECT_EQ(watched.trainer->drawn(), alone.trainer->drawn());
  EXPECT_EQ(watched.curvature(), alone.curvature());
}

// A run that is cut off between the good state and the trouble, and goes on from its checkpoint, is taken
// back as it would have been.
TEST(Recovery, AResumedRunIsTakenBackToTheSameState) {
  for (const std::int64_t cut : {25, 30}) {
    RecoveringRun whole, first, second;
    for (auto* run : {&whole, &first, &second}) run->trainer->not_finite_at = 33;
    whole.to(50);
    first.to(cut);
    second.training->load(first.training->save());
    second.to(50);
    EXPECT_EQ(second.curvature(), whole.curvature()) << cut;
    EXPECT_EQ(second.trainer->drawn(), whole.trainer->drawn()) << cut;
    EXPECT_EQ(second.training->recoveries().at(0).back_to, 20);
    RecoveringRun third;
    third.training->load(second.training->save());
    EXPECT_EQ(to_string(third.training->recoveries().at(0)), to_string(whole.training->recoveries().at(0)));
  }
}

struct KeepsAt final : Callback {
  KeepsAt(Training& training, std::int64_t iteration) : training_(training), iteration_(iteration) {}
  void on_record(const Record& record) override {
    if (record.progress.iteration == iteration_) training_.keep_as_best();
  }

 private:
  Training& training_;
  std::int64_t iteration_;
};

// The best model of all stands at the iteration that the run is taken back to: it is
// still the one that is kept.
TEST(Recovery, TheBestOfTheGoodStateIsKept) {
  RecoveringRun run;
  run.trainer->not_finite_at = 33;
  KeepsAt best(*run.training, 20);
  fit(*run.training, {.iterations = 50, .evaluate_every = 5, .evaluator = run.evaluator}, {&best});
  ASSERT_EQ(run.training->recoveries().at(0).back_to, 20);
  EXPECT_TRUE(run.training->keeps_best());
  EXPECT_NEAR(run.curvature(), 1 - 20e-3, 1e-12);
}

// Rows 0 to 749 have energies of their own numbers: the median of what is looked at is theirs.
TEST(Recovery, TheRowsThatAreLookedAtAreOfTheWholeData) {
  const auto energy = std::make_shared<Bowl>();
  ScriptedTrainer trainer(
      {.energy = energy,
       .problem = std::make_shared<Problem>(
           std::make_shared<Euclidean>(1),
           Dataset{.train = (2 * torch::arange(750, torch::kDouble)).sqrt().unsqueeze(1)}),
       .random = std::make_shared<Random>(1, "noise")});
  trainer.particles_at = 1000;
  expect_contains(trouble_in(trainer, 1).value_or(""), "data of 375");
}

TEST(Recovery, GivingUpNeedsNoHandlerAroundIt) {
  RecoveringRun run({.recoveries = 0});
  EXPECT_THROW(run.training->recover(NonFiniteError("a")), NonFiniteError);
  EXPECT_THROW(run.training->recover(DivergedError("b")), DivergedError);
}

TEST(Recovery, IsALineOfTheMetricsThatReadersPassOver) {
  const TemporaryFolder folder;
  RecoveringRun run;
  run.trainer->not_finite_at = 33;
  MetricsFile file(folder / "metrics.jsonl", *run.training);
  fit(*run.training, {.iterations = 40, .evaluate_every = 5, .evaluator = run.evaluator}, {&file});
  const auto text = read_file(folder / "metrics.jsonl");
  EXPECT_EQ(read_records(folder / "metrics.jsonl").size(), 9U);
  const auto at = text.find("{\"recovery\":{\"iteration\":33,\"back_to\":20,");
  ASSERT_NE(at, std::string::npos) << text;
  EXPECT_GT(at, text.find("\"iteration\":20,"));
  EXPECT_LT(at, text.find("\"iteration\":25,"));
}

}  // namespace
}  // namespace ebm::testing
