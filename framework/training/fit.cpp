#include "dualebm/framework/training/fit.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

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

/// The same on every rank: signals reach one before another, and only one looks at its callbacks.
/// @param own  of this rank
std::optional<StopReason> agreed(const std::optional<StopReason>& own, Communicator& ranks) {
  if (ranks.size() == 1) return own;
  const auto count = static_cast<std::size_t>(ranks.size());
  const auto mine = static_cast<std::int8_t>(own ? static_cast<int>(own->end) : -1);
  std::vector<std::int8_t> ends(count);
  ranks.gather(&mine, ends.data(), std::vector<std::int64_t>(count, 1));
  const auto first = std::find_if(ends.begin(), ends.end(), [](auto end) { return end >= 0; });
  if (first == ends.end()) return std::nullopt;
  // Of the rank with the lowest number: every rank says its text, or nothing.
  const bool is_mine = first - ends.begin() == ranks.rank();
  const auto length = is_mine ? static_cast<std::int64_t>(own->text.size()) : 0;
  std::vector<std::int64_t> lengths(count);
  ranks.gather(&length, lengths.data(), std::vector<std::int64_t>(count, sizeof length));
  std::string text(static_cast<std::size_t>(lengths[static_cast<std::size_t>(first - ends.begin())]), ' ');
  ranks.gather(is_mine ? own->text.data() : nullptr, text.data(), lengths);
  return StopReason{static_cast<RunEnd>(*first), text};
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

bool has_record_of_now(Training& training) {
  const auto& records = training.records();
  return !records.empty() && records.back().progress.iteration == training.progress().iteration;
}

/// Of a training that has ended: the energy is that which is kept.
FitResult result_of(Training& training, const Evaluator& evaluator, const std::optional<StopReason>& stop) {
  training.show_result();
  // The last record is of the last iteration, and of its average; only a best one needs another look.
  const bool seen = has_record_of_now(training) && !training.keeps_best();
  return {
      .end = stop ? stop->end : RunEnd::finished,
      .reason = stop ? stop->text : "",
      .progress = training.progress(),
      .last = seen ? training.records().back() : Record{training.progress(), evaluated(training, evaluator)}};
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
  auto& ranks = training.trainer().ranks();
  const auto asked_to_stop = [&] { return agreed(reason_to_stop(progress, options, callbacks), ranks); };
  const auto record = [&] {
    training.records().push_back({progress, evaluated(training, *evaluator)});
    for (Callback* callback : callbacks) callback->on_record(training.records().back());
  };
  const auto is_recorded = [&] { return has_record_of_now(training); };

  progress.fraction = fraction_of(progress, options);
  const auto in_turn = [&] {
    return options.evaluate_every > 0 && progress.iteration % options.evaluate_every == 0;
  };
  // What was looked at only because a run had come to its end; if this one ends here too, it looks again.
  training.take_back_end();
  for (Callback* callback : callbacks) callback->on_start(progress);
  if ((progress.iteration == 0 || in_turn()) && !is_recorded()) record();
  training.watch();
  auto stop = asked_to_stop();
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
      if (options.seconds > 0) ranks.broadcast(&progress.seconds, sizeof progress.seconds);
      progress.fraction = fraction_of(progress, options);
      if (evaluating) record();
      training.watch();  // after the record, which may be of the best model: a good state holds that too
    } catch (const DivergedError& error) {
      progress.seconds = std::max(spent, progress.seconds);
      const auto& recovery = training.recover(error);
      for (Callback* callback : callbacks) callback->on_recovery(recovery);
      stop = asked_to_stop();
      continue;
    }
    for (Callback* callback : callbacks) callback->on_step(progress);
    stop = asked_to_stop();
  }
  if (!is_recorded()) {
    training.require_finite();
    training.begin_end();
    record();
  }
  for (Callback* callback : callbacks) callback->on_end(progress);
  return result_of(training, *evaluator, stop);
}

}  // namespace ebm
