#include "dualebm/framework/training/fit.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <torch/optim/sgd.h>

#include <algorithm>
#include <cmath>
#include <regex>

#include "dualebm/framework/training/schedules/schedules.hpp"
#include "dualebm/models/gaussian.hpp"
#include "dualebm/trainers/dual_gda.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// Does nothing but remember its batches; each row counts as one gradient.
class BatchRecorder final : public Trainer {
 public:
  using Trainer::Trainer;
  Cost accumulate(const torch::Tensor& batch, const Iteration& iteration) override {
    batches.push_back(batch);
    scales.push_back(iteration.particle_scale);
    return {.parameter_gradients = batch.size(0)};
  }
  std::vector<torch::Tensor> batches;
  std::vector<double> scales;
};

/// Writes down what the loop tells it.
class Protocol final : public Callback {
 public:
  void on_start(const Progress& p) override { lines.push_back(fmt::format("start {}", p.iteration)); }
  void on_step(const Progress& p) override {
    lines.push_back(fmt::format("step {}", p.iteration)), seen = p.iteration;
  }
  void on_record(const Record& r) override {
    lines.push_back(fmt::format("record {}", r.progress.iteration));
  }
  void on_end(const Progress& p) override { lines.push_back(fmt::format("end {}", p.iteration)); }
  std::optional<StopReason> stop_reason() const override {
    if (stop_at == 0 || seen < stop_at) return std::nullopt;
    return StopReason{RunEnd::stopped, "asked to stop"};
  }

  std::vector<std::string> lines;
  std::int64_t seen = 0, stop_at = 0;
};

using Lines = std::vector<std::string>;

/// Ten points of R², row i holding (i, i).
struct Loop {
  TrainerContext context() const { return {.energy = energy, .problem = problem, .random = noise}; }

  FitResult run(FitOptions options, Training::Options training_options = {}, const Progress& start = {}) {
    options.evaluate_every = every;
    if (!trainer) trainer = recorder = std::make_shared<BatchRecorder>(context());
    training = std::make_unique<Training>(trainer, optimizer, std::move(training_options));
    training->progress() = start;
    return fit(*training, options, {&protocol});
  }

  std::int64_t every = 2;
  torch::Tensor data = torch::arange(10, torch::kFloat).unsqueeze(1).repeat({1, 2});
  std::shared_ptr<const Problem> problem =
      std::make_shared<Problem>(std::make_shared<Euclidean>(2), Dataset{.train = data});
  std::shared_ptr<Energy> energy =
      std::make_shared<Gaussian>(on_euclidean(2, torch::kFloat), Gaussian::Options{});
  std::shared_ptr<torch::optim::Optimizer> optimizer =
      std::make_shared<torch::optim::SGD>(energy->parameters(), torch::optim::SGDOptions(1e-3));
  std::shared_ptr<Random> noise = std::make_shared<Random>(1, "noise");
  std::shared_ptr<BatchRecorder> recorder;
  std::shared_ptr<Trainer> trainer;
  std::unique_ptr<Training> training;
  Protocol protocol;
};

TEST(Fit, CallbacksComeInOrder) {
  Loop loop;
  const auto result = loop.run({.iterations = 5});
  EXPECT_EQ(loop.protocol.lines, (Lines{"start 0", "record 0", "step 1", "record 2", "step 2", "step 3",
                                        "record 4", "step 4", "step 5", "record 5", "end 5"}));
  EXPECT_EQ(result.end, RunEnd::finished);
  EXPECT_EQ(result.reason, "");
  EXPECT_EQ(result.progress.iteration, 5);
  EXPECT_EQ(result.last.progress.iteration, 5);
  EXPECT_GE(result.progress.seconds, 0);
}

TEST(Fit, AnEvaluationDueAtTheEndIsMadeOnce) {
  Loop loop;
  loop.run({.iterations = 4});
  EXPECT_EQ(std::count(loop.protocol.lines.begin(), loop.protocol.lines.end(), "record 4"), 1);
}

TEST(Fit, EveryZeroEvaluatesAtStartAndEnd) {
  Loop loop;
  loop.every = 0;
  loop.run({.iterations = 3});
  EXPECT_EQ(loop.protocol.lines,
            (Lines{"start 0", "record 0", "step 1", "step 2", "step 3", "record 3", "end 3"}));
}

TEST(Fit, NoIterationsAreOneEvaluation) {
  Loop loop;
  loop.run({.iterations = 0});
  EXPECT_EQ(loop.protocol.lines, (Lines{"start 0", "record 0", "end 0"}));
}

/// Without log Z on R^d there is nothing to measure.
class WithoutMetrics final : public Energy {
 public:
  WithoutMetrics() : power_(register_parameter("power", torch::full({}, 4.0F))) {}
  torch::Tensor forward(const torch::Tensor& x) override { return x.pow(power_).sum(1); }

 private:
  torch::Tensor power_;
};

// "No metrics yet" and "no metrics at all" are not the same: the last record must not come twice.
TEST(Fit, AnEnergyWithoutMetricsIsRecordedJustAsOften) {
  Loop loop;
  loop.energy = std::make_shared<WithoutMetrics>();
  loop.optimizer =
      std::make_shared<torch::optim::SGD>(loop.energy->parameters(), torch::optim::SGDOptions(1e-3));
  loop.run({.iterations = 2});
  EXPECT_EQ(loop.protocol.lines, (Lines{"start 0", "record 0", "step 1", "record 2", "step 2", "end 2"}));
}

TEST(Fit, TheBudgetOfGradientsEndsTheRun) {
  Loop loop;
  const auto result = loop.run({.iterations = 100, .batch_size = 3, .gradient_evaluations = 7});
  EXPECT_EQ(result.progress.iteration, 3);
  EXPECT_EQ(result.progress.gradient_evaluations, 9);
  EXPECT_EQ(result.end, RunEnd::budget);
  EXPECT_EQ(result.reason, "the budget of 7 gradient evaluations is used up");
  EXPECT_EQ(result.last.progress.iteration, 3);
}

TEST(Fit, TheBudgetOfTimeEndsTheRun) {
  Loop loop;
  const auto result = loop.run({.iterations = 100, .seconds = 1e-9});
  EXPECT_EQ(result.progress.iteration, 1);
  EXPECT_EQ(result.end, RunEnd::budget);
  EXPECT_EQ(result.reason, "the budget of 1e-09 seconds is used up");
}

TEST(Fit, ACallbackEndsTheRunWithItsReason) {
  Loop loop;
  loop.protocol.stop_at = 3;
  const auto result = loop.run({.iterations = 100});
  EXPECT_EQ(result.progress.iteration, 3);
  EXPECT_EQ(result.end, RunEnd::stopped);
  EXPECT_EQ(result.reason, "asked to stop");
  EXPECT_EQ(loop.protocol.lines.back(), "end 3");
  EXPECT_EQ(*(loop.protocol.lines.end() - 2), "record 3");
}

TEST(Fit, AResumedRunGoesOnCounting) {
  Loop loop;
  const auto result =
      loop.run({.iterations = 6}, {}, {.iteration = 3, .gradient_evaluations = 30, .seconds = 5});
  EXPECT_EQ(loop.protocol.lines,
            (Lines{"start 3", "record 4", "step 4", "step 5", "record 6", "step 6", "end 6"}));
  EXPECT_EQ(loop.recorder->batches.size(), 3U);
  EXPECT_EQ(result.progress.gradient_evaluations, 60);
  EXPECT_GE(result.progress.seconds, 5);
}

TEST(Fit, MinibatchesAreDrawnWithoutReplacement) {
  Loop loop;
  loop.run({.iterations = 200, .batch_size = 4});
  auto seen = torch::zeros({10}, torch::kLong);
  for (const auto& batch : loop.recorder->batches) {
    ASSERT_EQ(batch.sizes(), (torch::IntArrayRef{4, 2}));
    const auto count = torch::bincount(batch.select(1, 0).to(torch::kLong), {}, 10);
    ASSERT_EQ(count.max().item<std::int64_t>(), 1) << "a row came twice";
    seen += count;
  }
  // Each row is in Binomial(200, 0.4) batches: 80 ± 6.9.
  EXPECT_LT((seen - 80).abs().max().item<double>(), 4 * 6.9);
}

TEST(Fit, BatchSizeZeroOrTooLargeIsAllData) {
  for (const std::int64_t size : {0, 10, 25}) {
    Loop loop;
    loop.run({.iterations = 1, .batch_size = size});
    EXPECT_TRUE(torch::equal(loop.recorder->batches.at(0), loop.data)) << size;
  }
}

/// The message of the NonFiniteError that a run with an absurd step must end in.
std::string divergence(std::int64_t every) {
  Loop loop;
  loop.every = every;
  loop.trainer = std::make_shared<DualGda>(loop.context(), ParticleOptions{.particle_step = 1e12});
  try {
    loop.run({.iterations = 100});
  } catch (const NonFiniteError& error) {
    return error.what();
  }
  ADD_FAILURE() << "no NonFiniteError was thrown";
  return {};
}

TEST(Fit, ADivergingTrainerNamesIterationParameterAndCause) {
  const std::regex expected(
      "iteration [0-9]+: the (gradient of|parameter) \"(mean|log_precision)\" is not finite; likely cause: "
      "particle_step 1e\\+12.*");
  const auto message = divergence(/*every=*/0);
  EXPECT_TRUE(std::regex_match(message, expected)) << message;
}

TEST(Fit, ADivergingMetricNamesIterationMetricAndCause) {
  const std::regex expected("iteration [0-9]+: metric [a-z_]+ is -?(inf|nan); likely cause: .*too large.*");
  const auto message = divergence(/*every=*/1);
  EXPECT_TRUE(std::regex_match(message, expected)) << message;
}

/// The factors on the particles' steps of a run under a cosine that ends at 0.25.
std::vector<double> cosine_factors(const FitOptions& options) {
  Loop loop;
  loop.every = 0;
  loop.run(options, {.particle_schedule = std::make_shared<CosineSchedule>(
                         CosineSchedule::Options{{}, /*final_factor=*/0.25, /*start=*/0})});
  return loop.recorder->scales;
}

// 3 gradients an iteration, so that a budget of 30 ends the run after 10 of 1000 iterations.
TEST(Fit, ACosineEndsAtItsFinalFactorWhateverEndsTheRun) {
  for (const FitOptions& options :
       {FitOptions{.iterations = 10},
        FitOptions{.iterations = 1000, .batch_size = 3, .gradient_evaluations = 30},
        FitOptions{.iterations = 1000, .batch_size = 3, .gradient_evaluations = 28}}) {
    const auto factors = cosine_factors(options);
    ASSERT_EQ(factors.size(), 10U);
    EXPECT_DOUBLE_EQ(factors.back(), 0.25);
    EXPECT_GT(factors[4], 0.5) << "and not before";
    for (std::size_t i = 1; i < factors.size(); ++i) EXPECT_LT(factors[i], factors[i - 1]) << i;
  }
}

TEST(Fit, OptionsOutOfTheirRangeAreErrors) {
  const auto refusal_of = [](const FitOptions& options) { return user_error([&] { Loop().run(options); }); };
  expect_contains(refusal_of({.iterations = -1}), "fit.iterations: expected an integer >= 0, found -1");
  expect_contains(refusal_of({.batch_size = -1}), "fit.batch_size");
  expect_contains(refusal_of({.gradient_evaluations = -1}), "fit.gradient_evaluations");
  expect_contains(refusal_of({.seconds = -1}), "fit.seconds");
  expect_contains(refusal_of({.seconds = std::nan("")}), "fit.seconds: expected a number >= 0, found nan");
  Loop loop;
  loop.every = -1;
  expect_contains(user_error([&] { loop.run({}); }), "fit.evaluate_every");
}

TEST(RunEnd, HasOneWordForEach) {
  const std::pair<RunEnd, const char*> words[] = {{RunEnd::finished, "finished"},
                                                  {RunEnd::budget, "budget used up"},
                                                  {RunEnd::early_stop, "stopped early"},
                                                  {RunEnd::stopped, "stopped"},
                                                  {RunEnd::interrupted, "interrupted"},
                                                  {RunEnd::diverged, "diverged"},
                                                  {RunEnd::failed, "failed"}};
  for (const auto& [end, word] : words) {
    EXPECT_EQ(to_string(end), word);
    EXPECT_EQ(run_end_of(word), end) << word;
  }
  expect_contains(user_error([] { run_end_of("finnished"); }), "\"finnished\" is no end of a run");
}

}  // namespace
}  // namespace ebm::testing
