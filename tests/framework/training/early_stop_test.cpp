#include "dualebm/framework/training/callbacks/early_stop.hpp"

#include <fmt/format.h>
#include <torch/optim/sgd.h>

#include <cmath>

#include "dualebm/framework/training/fit.hpp"
#include "dualebm/models/gaussian.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// The mean of a Gaussian, whose last iteration is the one of this number.
class MeanSquare final : public Metric {
 public:
  MetricDescription description() const override {
    return {"mean_square", "mean²", "", "lower", true, "of the mean"};
  }
  std::optional<double> value(const Evaluation& at) const override {
    return at.energy().named_parameters()["mean"].square().mean().item<double>();
  }
};

/// How near the mean is to nothing: the same, turned round.
class Nearness final : public Metric {
 public:
  MetricDescription description() const override {
    return {"nearness", "nearness", "", "higher", false, "-mean²"};
  }
  std::optional<double> value(const Evaluation& at) const override { return -*MeanSquare().value(at); }
};

/// Takes the mean to the next of a list of numbers in every iteration, whatever the data are.
class Scripted final : public Trainer {
 public:
  Scripted(TrainerContext context, std::vector<double> path)
      : Trainer(std::move(context)), path_(std::move(path)) {}
  Cost accumulate(const torch::Tensor& batch, const Iteration& iteration) override {
    auto mean = energy().named_parameters()["mean"];
    mean.mutable_grad() = mean.detach() - path_.at(static_cast<std::size_t>(iteration.number()) - 1);
    return {.parameter_gradients = batch.size(0)};
  }

 private:
  std::vector<double> path_;
};

/// A run along a path from 5, evaluated in every iteration.
struct ScriptedRun {
  explicit ScriptedRun(std::vector<double> path, double average_decay = 0)
      : training(std::make_shared<Scripted>(TrainerContext{.energy = energy,
                                                           .problem = problem,
                                                           .random = std::make_shared<Random>(1, "noise")},
                                            std::move(path)),
                 std::make_shared<torch::optim::SGD>(energy->parameters(), torch::optim::SGDOptions(1.0)),
                 {.average_decay = average_decay}) {}

  FitResult to(std::int64_t iterations, EarlyStop& watch) {
    return fit(training, {.iterations = iterations, .evaluate_every = 1, .evaluator = evaluator}, {&watch});
  }
  FitResult to(std::int64_t iterations, const EarlyStop::Options& options) {
    EarlyStop watch(training, evaluator->descriptions(), options);
    return to(iterations, watch);
  }
  double mean() const { return energy->named_parameters()["mean"][0].item<double>(); }

  std::shared_ptr<const Problem> problem = std::make_shared<Problem>(
      std::make_shared<Euclidean>(1), Dataset{.train = torch::zeros({2, 1}, torch::kDouble)});
  std::shared_ptr<const Evaluator> evaluator =
      std::make_shared<Evaluator>(problem, Evaluator::Options{},
                                  std::vector<std::shared_ptr<const Metric>>{std::make_shared<MeanSquare>(),
                                                                             std::make_shared<Nearness>()});
  std::shared_ptr<Gaussian> energy =
      std::make_shared<Gaussian>(on_euclidean(1, torch::kDouble), Gaussian::Options{.mean = {5}});
  Training training;
};

const std::vector<double> down_and_up = {4, 3, 2, 2.5, 2.5, 2.1, 2.2, 1};

TEST(EarlyStop, StopsAfterExactlyPatienceEvaluationsWithoutImprovement) {
  ScriptedRun run(down_and_up);
  const auto result = run.to(8, {.metric = "mean_square", .patience = 3});
  EXPECT_EQ(result.end, RunEnd::early_stop);
  EXPECT_EQ(result.progress.iteration, 6);
  EXPECT_EQ(result.reason,
            "mean_square has not improved on 4 (iteration 3) for 3 evaluations; the model of that iteration "
            "is kept");
}

TEST(EarlyStop, EndsWithTheBestModelAndItsMetrics) {
  for (const char* metric : {"mean_square", "nearness"}) {
    ScriptedRun run(down_and_up);
    const auto result = run.to(8, {.metric = metric, .patience = 3});
    EXPECT_EQ(run.mean(), 2) << metric;
    EXPECT_EQ(*find_metric(result.last.metrics, "mean_square"), 4);
    EXPECT_EQ(*find_metric(run.training.records().back().metrics, "mean_square"), 2.1 * 2.1)
        << "a record is the run's";
    EXPECT_EQ(run.training.records().size(), 7U);
  }
}

// However the run ends: here all of its iterations are done.
TEST(EarlyStop, AFinishedRunEndsWithTheBestModelToo) {
  ScriptedRun run({4, 3, 6});
  const auto result = run.to(3, {.metric = "mean_square", .patience = 3});
  EXPECT_EQ(result.end, RunEnd::finished);
  EXPECT_EQ(run.mean(), 3);
}

// A run that is cut at an iteration which is not evaluated is looked at there all the same. A longer run
// would not have been: when it goes on, neither the record nor the model that was best in it remain.
TEST(EarlyStop, WhatWasBestAtACutIsNotBestInTheCourse) {
  const std::vector<double> path = {4, 1, 3, 2.5, 2.6, 2.7};
  const auto go = [](ScriptedRun& run, std::int64_t iterations) {
    EarlyStop watch(run.training, run.evaluator->descriptions(), {.metric = "mean_square", .patience = 9});
    return fit(run.training, {.iterations = iterations, .evaluate_every = 3, .evaluator = run.evaluator},
               {&watch});
  };
  ScriptedRun whole(path), cut(path), resumed(path);
  go(whole, 6);
  EXPECT_EQ(whole.mean(), 2.7) << "2.7 at 6 is less than 3 at 3; 1 at 2 is not seen";
  go(cut, 2);
  EXPECT_EQ(cut.mean(), 1) << "the best of what this run has seen";
  resumed.training.load(cut.training.save());
  for (auto* run : {&cut, &resumed}) {
    go(*run, 6);
    EXPECT_EQ(run->mean(), 2.7);
    ASSERT_EQ(run->training.records().size(), whole.training.records().size());
    for (std::size_t i = 0; i < whole.training.records().size(); ++i)
      EXPECT_EQ(run->training.records()[i].metrics, whole.training.records()[i].metrics);
  }
  // And one that ends where it was cut ends as it did.
  go(cut, 6);
  EXPECT_EQ(cut.training.records().size(), 3U);
  EXPECT_EQ(cut.mean(), 2.7);
}

TEST(EarlyStop, KeepsTheLastModelWhereThatIsAskedFor) {
  ScriptedRun run(down_and_up);
  const auto result = run.to(8, {.metric = "mean_square", .patience = 3, .keep_best = false});
  expect_contains(result.reason, "the last model is kept");
  EXPECT_EQ(run.mean(), 2.1);
  EXPECT_FALSE(run.training.keeps_best());
}

/// A metric that the quadrature leaves out after the second evaluation, and what says so.
class Failing final : public Metric {
 public:
  explicit Failing(bool flag) : flag_(flag) {}
  MetricDescription description() const override {
    return {flag_ ? "quadrature_valid" : "failing", "", "", flag_ ? "" : "lower", false, ""};
  }
  std::optional<double> value(const Evaluation& at) const override {
    const double mean = at.energy().named_parameters()["mean"][0].item<double>();
    if (flag_) return mean > 3.5 ? 1.0 : 0.0;
    return mean > 3.5 ? std::optional(mean) : std::nullopt;
  }

 private:
  bool flag_;
};

// A number that could not be had is no improvement, and no error either.
TEST(EarlyStop, ANumberLeftOutIsNoImprovement) {
  ScriptedRun run(down_and_up);
  run.evaluator =
      std::make_shared<Evaluator>(run.problem, Evaluator::Options{},
                                  std::vector<std::shared_ptr<const Metric>>{
                                      std::make_shared<Failing>(false), std::make_shared<Failing>(true)});
  const auto result = run.to(8, {.metric = "failing", .patience = 3});
  EXPECT_EQ(result.end, RunEnd::early_stop);
  EXPECT_EQ(result.progress.iteration, 4);
  EXPECT_EQ(run.mean(), 4) << "the last that had a number";
}

// The best average is not the average of the best: it is the one that was evaluated.
TEST(EarlyStop, TheBestOfAnAverageIsTheAverageThatWasSeen) {
  ScriptedRun run(down_and_up, 0.9);
  const auto result = run.to(8, {.metric = "mean_square", .patience = 3});
  double least = 1e9;
  for (const auto& record : run.training.records())
    least = std::min(least, *find_metric(record.metrics, "mean_square"));
  EXPECT_EQ(*find_metric(result.last.metrics, "mean_square"), least);
  EXPECT_EQ(run.mean() * run.mean(), least);
}

TEST(EarlyStop, ImprovementStartsTheCountAgain) {
  ScriptedRun run({6, 4, 5, 3, 4, 2});
  EXPECT_EQ(run.to(6, {.metric = "mean_square", .patience = 2}).end, RunEnd::finished);
}

// A plateau is no improvement: "<=" would never stop on one.
TEST(EarlyStop, TheSameValueAgainIsNoImprovement) {
  ScriptedRun run({5, 5, 5, 5});
  EXPECT_EQ(run.to(4, {.metric = "mean_square", .patience = 2}).progress.iteration, 2);
}

// At each place a run may be cut: a resumed one ends where the whole one does, for the same
// reason, with the same model.
TEST(EarlyStop, AResumedRunEndsAtTheSameIteration) {
  const EarlyStop::Options options{.metric = "mean_square", .patience = 3};
  ScriptedRun whole(down_and_up);
  const auto expected = whole.to(8, options);
  for (std::int64_t cut = 0; cut <= 6; ++cut) {
    ScriptedRun first(down_and_up), second(down_and_up);
    first.to(cut, options);
    second.training.load(first.training.save());
    const auto result = second.to(8, options);
    EXPECT_EQ(result.progress.iteration, expected.progress.iteration) << cut;
    EXPECT_EQ(result.reason, expected.reason) << cut;
    EXPECT_EQ(second.mean(), 2) << cut;
    EXPECT_EQ(second.training.records().size(), whole.training.records().size()) << cut;
  }
}

// One object over two calls of fit counts no evaluation twice.
TEST(EarlyStop, OneThatIsUsedAgainGoesOnCounting) {
  ScriptedRun run(down_and_up);
  EarlyStop watch(run.training, run.evaluator->descriptions(), {.metric = "mean_square", .patience = 3});
  EXPECT_EQ(run.to(4, watch).end, RunEnd::finished);
  EXPECT_EQ(run.to(8, watch).progress.iteration, 6);
}

TEST(EarlyStop, NothingSeenIsNoReasonToStop) {
  ScriptedRun run({});
  const EarlyStop watch(run.training, run.evaluator->descriptions(),
                        {.metric = "mean_square", .patience = 1});
  EXPECT_FALSE(watch.stop_reason().has_value());
}

TEST(EarlyStop, RefusesMetricsItCannotJudge) {
  ScriptedRun run({});
  const Evaluator standard(run.problem);
  const auto refusal_of = [&](const EarlyStop::Options& options) {
    return user_error([&] { EarlyStop(run.training, standard.descriptions(), options); });
  };
  expect_contains(refusal_of({.metric = "tv", .patience = 3}), "tv");
  expect_contains(refusal_of({.metric = "nll_validaton", .patience = 3}), "did you mean \"nll_validation\"?");
  expect_contains(refusal_of({.metric = "kl", .patience = 0}),
                  "early stop.early_stop_patience: expected an integer >= 1, found 0");
}

TEST(EarlyStop, AMetricMissingFromTheRecordIsAnError) {
  ScriptedRun run({4});
  const Evaluator standard(run.problem);
  EarlyStop watch(run.training, standard.descriptions(), {.metric = "score_error", .patience = 3});
  expect_contains(user_error([&] { run.to(1, watch); }), "no metric score_error");
}

}  // namespace
}  // namespace ebm::testing
