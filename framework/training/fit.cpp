#include "dualebm/framework/training/fit.hpp"

#include <algorithm>
#include <chrono>

#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double share(double done, double all) { return all > 0 ? std::min(1.0, done / all) : 0.0; }

/// Of the run, so far.
double fraction_of(const Progress& progress, const FitOptions& options) {
  return std::max({share(static_cast<double>(progress.iteration), static_cast<double>(options.iterations)),
                   share(static_cast<double>(progress.gradient_evaluations),
                         static_cast<double>(options.gradient_evaluations)),
                   share(progress.seconds, options.seconds)});
}

/// At the end of the next iteration, which is taken to cost what those before it did on average: a schedule
/// ends where the run does.
double fraction_after_next(Progress progress, const FitOptions& options) {
  const auto done = progress.iteration++;
  if (done > 0) {
    progress.gradient_evaluations += (progress.gradient_evaluations + done - 1) / done;
    progress.seconds += progress.seconds / static_cast<double>(done);
  }
  return fraction_of(progress, options);
}

/// Whether one of the marks is nearer to the end of this iteration than to that of the one before or, if it
/// costs as much, of the next.
bool comes_to_a_mark(std::int64_t before, std::int64_t after, const std::vector<std::int64_t>& marks) {
  return std::any_of(marks.begin(), marks.end(), [&](std::int64_t mark) {
    return 2 * (mark - after) <= after - before && 2 * (mark - after) > before - after;
  });
}

std::optional<StopReason> reason_to_stop(const Progress& progress, const FitOptions& options,
                                         const std::vector<Callback*>& callbacks) {
  if (options.gradient_evaluations > 0 && progress.gradient_evaluations >= options.gradient_evaluations) {
    return StopReason{RunEnd::budget, fmt::format("the budget of {} gradient evaluations is used up",
                                                  options.gradient_evaluations)};
  }
  if (options.seconds > 0 && progress.seconds >= options.seconds) {
    return StopReason{RunEnd::budget, fmt::format("the budget of {:g} seconds is used up", options.seconds)};
  }
  for (const Callback* callback : callbacks) {
    if (auto reason = callback->stop_reason()) return reason;
  }
  return std::nullopt;
}

MetricValues evaluated(const Training& training, const Evaluator& evaluator) {
  const auto iteration = training.progress().iteration;
  try {
    return training.evaluate(evaluator);
  } catch (const NonFiniteError& error) {
    throw NonFiniteError(fmt::format("iteration {}: {}; likely cause: {}", iteration, error.what(),
                                     iteration == 0
                                         ? "the energy at its start, or the data; no step has been taken"
                                         : "the energy diverged, " + training.trainer().likely_cause()));
  }
}

}  // namespace

void FitOptions::describe(Fields& fields) {
  fields.integer("iterations", iterations, Range::at_least(0), "length of the run");
  fields.integer("batch_size", batch_size, Range::at_least(0), "data points per iteration; 0: all of them");
  fields.integer("gradient_evaluations", gradient_evaluations, Range::at_least(0),
                 "budget that ends the run as well, in gradients at single points; 0: none");
  fields.number("seconds", seconds, Range::at_least(0),
                "budget of training time that ends the run as well; 0: none");
}

FitResult fit(Training& training, const FitOptions& given, const std::vector<Callback*>& callbacks) {
  const auto options = checked(given, "fit");
  require(options.evaluate_every >= 0, "fit.evaluate_every: expected an integer >= 0, found {}",
          options.evaluate_every);
  const auto evaluator = options.evaluator ? options.evaluator
                                           : std::make_shared<Evaluator>(training.trainer().shared_problem());
  auto& progress = training.progress();
  const auto record = [&] {
    training.records().push_back({progress, evaluated(training, *evaluator)});
    for (Callback* callback : callbacks) callback->on_record(training.records().back());
  };
  const auto is_recorded = [&] {
    return !training.records().empty() && training.records().back().progress.iteration == progress.iteration;
  };

  progress.fraction = fraction_of(progress, options);
  const auto in_turn = [&] {
    return options.evaluate_every > 0 && progress.iteration % options.evaluate_every == 0;
  };
  // What was looked at only because a run had come to its end; if this one ends here too, it looks again.
  training.take_back_end();
  for (Callback* callback : callbacks) callback->on_start(progress);
  if ((progress.iteration == 0 || in_turn()) && !is_recorded()) record();
  training.watch();
  auto stop = reason_to_stop(progress, options, callbacks);
  while (!stop && progress.iteration < options.iterations) {
    const auto begin = Clock::now();
    const double fraction = fraction_after_next(progress, options);
    const auto before = progress.gradient_evaluations;
    double spent = progress.seconds;
    try {
      training.step(training.draw_batch(options.batch_size), fraction);
      const bool last = progress.iteration >= options.iterations;
      const bool evaluating =
          in_turn() || comes_to_a_mark(before, progress.gradient_evaluations, options.evaluate_at);
      if (evaluating || last) training.require_finite();  // waits for the device: its work is training time
      spent = progress.seconds += seconds_since(begin);
      progress.fraction = fraction_of(progress, options);
      training.watch();
      if (evaluating) record();
    } catch (const DivergedError& error) {
      progress.seconds = std::max(spent, progress.seconds);
      const auto& recovery = training.recover(error);
      for (Callback* callback : callbacks) callback->on_recovery(recovery);
      stop = reason_to_stop(progress, options, callbacks);
      continue;
    }
    for (Callback* callback : callbacks) callback->on_step(progress);
    stop = reason_to_stop(progress, options, callbacks);
  }
  if (!is_recorded()) {
    training.require_finite();
    training.begin_end();
    record();
  }
  FitResult result{.end = stop ? stop->end : RunEnd::finished,
                   .reason = stop ? stop->text : "",
                   .progress = progress,
                   .last = {}};
  for (Callback* callback : callbacks) callback->on_end(progress);
  training.show_result();
  // The last record is of the last iteration, and of its average; only a best one needs another look.
  const bool seen = is_recorded() && !training.keeps_best();
  result.last = seen ? training.records().back() : Record{progress, evaluated(training, *evaluator)};
  return result;
}

}  // namespace ebm
