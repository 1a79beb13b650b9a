#include "dualebm/framework/training/fit.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/problem/evaluation_mode.hpp"

namespace ebm {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double fraction_of(const Progress& progress, const LoopOptions& options) {
  const auto share = [](double done, double all) { return all > 0 ? std::min(1.0, done / all) : 0.0; };
  return std::max({share(static_cast<double>(progress.iteration), static_cast<double>(options.iterations)),
                   share(static_cast<double>(progress.gradient_evaluations),
                         static_cast<double>(options.gradient_evaluations)),
                   share(progress.seconds, options.seconds)});
}

torch::Tensor draw_batch(const torch::Tensor& data, std::int64_t size, Random& batches) {
  if (size == 0 || size >= data.size(0)) return data;
  return data.index_select(0, batches.subset(data.size(0), size).to(data.device()));
}

std::string reason_to_stop(const Progress& progress, const LoopOptions& options,
                           const std::vector<Callback*>& callbacks) {
  if (options.gradient_evaluations > 0 && progress.gradient_evaluations >= options.gradient_evaluations) {
    return "finished";
  }
  if (options.seconds > 0 && progress.seconds >= options.seconds) return "finished";
  for (const Callback* callback : callbacks) {
    if (auto reason = callback->stop_reason(); !reason.empty()) return reason;
  }
  return {};
}

MetricValues evaluate(const Evaluator& evaluator, Energy& energy, const ParameterAverage* average,
                      std::int64_t iteration) {
  const AveragedParameters averaged(energy, average);
  const EvaluationMode mode(energy);
  try {
    return evaluator.evaluate(energy);
  } catch (const NonFiniteError& error) {
    throw NonFiniteError(fmt::format("iteration {}: {}", iteration, error.what()));
  }
}

}  // namespace

void LoopOptions::describe(Fields& fields) {
  fields.integer("iterations", iterations, Range::at_least(0), "length of the run");
  fields.integer("batch_size", batch_size, Range::at_least(0), "data points per iteration; 0: all of them");
  fields.integer("gradient_evaluations", gradient_evaluations, Range::at_least(0),
                 "budget that ends the run as well, in gradients at single points; 0: none");
  fields.number("seconds", seconds, Range::at_least(0),
                "budget of training time that ends the run as well; 0: none");
  fields.integer("checkpoint_every", checkpoint_every, Range::at_least(0),
                 "iterations between checkpoints; 0: at the end only");
  fields.text("early_stop_metric", early_stop_metric,
              "metric whose failure to improve ends the run, e.g. nll_validation; empty: none");
  fields.integer("early_stop_patience", early_stop_patience, Range::at_least(1),
                 "evaluations without improvement before an early stop");
  fields.number(
      "gradient_clip", gradient_clip, Range::at_least(0),
      "largest norm of the gradient in all parameters together; a longer one is shortened to it; 0: "
      "any");
  fields.number(
      "average_decay", average_decay, {.low = 0, .high = 1, .high_included = false},
      "μ of the moving average of the parameters that is evaluated and saved, at iteration t + 1 at "
      "most (1 + t) / (10 + t); 0: none");
}

FitResult fit(Trainer& trainer, Energy& energy, const torch::Tensor& data, Random& batches,
              const Evaluator& evaluator, const LoopOptions& options, const std::vector<Callback*>& callbacks,
              Progress start) {
  FitResult result{.progress = start, .last = {}, .reason = {}};
  auto& progress = result.progress;
  std::int64_t recorded = -1;
  const auto record = [&] {
    recorded = progress.iteration;
    result.last = {progress, evaluate(evaluator, energy, trainer.average(), progress.iteration)};
    for (Callback* callback : callbacks) callback->on_record(result.last);
  };

  progress.fraction = fraction_of(progress, options);
  for (Callback* callback : callbacks) callback->on_start(progress);
  if (progress.iteration == 0) record();
  result.reason = reason_to_stop(progress, options, callbacks);
  while (result.reason.empty() && progress.iteration < options.iterations) {
    const auto begin = Clock::now();
    const auto report = trainer.step(draw_batch(data, options.batch_size, batches));
    const auto every = evaluator.options().every;
    const bool evaluated = every > 0 && (progress.iteration + 1) % every == 0;
    if (evaluated) trainer.require_finite();  // waits for the device: its work is training time
    progress.seconds += seconds_since(begin);
    progress.gradient_evaluations += report.gradient_evaluations;
    progress.iteration += 1;
    progress.fraction = fraction_of(progress, options);

    if (evaluated) record();
    for (Callback* callback : callbacks) callback->on_step(progress);
    result.reason = reason_to_stop(progress, options, callbacks);
  }
  const bool nothing_done =
      start.iteration > 0 && progress.iteration == start.iteration;  // resumed at its end
  if (nothing_done) {
    result.last = {progress, evaluate(evaluator, energy, trainer.average(), progress.iteration)};
  } else if (recorded != progress.iteration) {
    trainer.require_finite();
    record();
  }
  if (result.reason.empty()) result.reason = "finished";
  for (Callback* callback : callbacks) callback->on_end(progress);
  return result;
}

}  // namespace ebm
