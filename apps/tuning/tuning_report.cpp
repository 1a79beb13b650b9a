#include "dualebm/apps/tuning/tuning_report.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "dualebm/apps/table_text.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/output.hpp"
#include "dualebm/framework/base/printable.hpp"
#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/experiment/loaded_energy.hpp"
#include "dualebm/framework/storage/run_directory.hpp"

namespace ebm {
namespace {

std::string shown(const Json& value) {
  return value.is_number_float() ? fmt::format("{:.4g}", value.get<double>())
         : value.is_string()     ? printable(value.get<std::string>(), 40)
                                 : printable(value.dump(), 40);
}

std::string with_error(double value, const std::optional<double>& error) {
  return error ? fmt::format("{:.4f} ± {:.2g}", value, *error) : fmt::format("{:.4f}", value);
}

/// How a trial ended, in a word or two; that it was not let on is no end of its run.
std::string end_of(const RankedTrial& ranked, const TuningPlan& plan) {
  const auto& outcome = ranked.outcome;
  if (!outcome.value && outcome.end != RunEnd::diverged && outcome.end != RunEnd::failed)
    return fmt::format("{}, no {}", to_string(outcome.end), plan.base.tuning.metric);
  if (outcome.value && ranked.rung + 1 < plan.rungs.size())
    return fmt::format("left on rung {} of {}", ranked.rung + 1, plan.rungs.size());
  return printable(outcome.status(), 60);
}

/// Trials of the last rung whose value lies within the error of the winner's.
std::vector<std::string> level_with(const RankedTrial& winner, const TuningResults& results,
                                    const TuningPlan& plan) {
  std::vector<std::string> labels;
  if (!winner.outcome.error) return labels;
  for (const auto& other : results.ranking) {
    if (other.trial == winner.trial || other.rung != winner.rung || !other.outcome.value) continue;
    if (std::abs(*other.outcome.value - *winner.outcome.value) <= *winner.outcome.error)
      labels.push_back(plan.trials[other.trial].label);
  }
  return labels;
}

void print_winner(const TuningPlan& plan, const TuningResults& results) {
  const auto& winner = *results.winner;
  const auto& metric = results.metric.name;
  const auto level = level_with(winner, results, plan);
  show("\nbest               {}: {} {} {}\n", plan.trials[winner.trial].label, metric,
       with_error(*winner.outcome.value, winner.outcome.error), results.metric.unit);
  for (const auto& [path, value] : plan.trials[winner.trial].set.items())
    show("                   {}={}\n", printable(path), shown(value));
  if (!level.empty()) show("level with it      {}: within one standard error\n", fmt::join(level, ", "));
  if (results.on_test) {
    show("on the test points {} (the winner alone, looked at once)\n",
         with_error(results.on_test->value, results.on_test->error));
  } else {
    show("on the test points not known; the value above is that of the choice, and too good by it\n");
  }
}

}  // namespace

std::optional<std::int64_t> iterations_on(const TuningPlan& plan, std::size_t rung) {
  const auto of = [&](std::size_t trial) {
    return plan.training(rung, trial).experiment.loop.fit.iterations;
  };
  for (std::size_t trial = 1; trial < plan.trials.size(); ++trial) {
    if (of(trial) != of(0)) return std::nullopt;
  }
  return of(0);
}

std::string summary_of(const TuningPlan& plan) {
  auto text = fmt::format("{}: {} trials of {} range{}", plan.base.general.title, plan.trials.size(),
                          plan.ranges.size(), plan.ranges.size() == 1 ? "" : "s");
  if (plan.rungs.size() == 1) return text;
  std::vector<std::string> counts, lengths;
  for (std::size_t rung = 0; rung < plan.rungs.size(); ++rung) {
    const auto iterations = iterations_on(plan, rung);
    counts.push_back(std::to_string(plan.rungs[rung].trials));
    lengths.push_back(iterations ? std::to_string(*iterations) : "?");
  }
  return fmt::format("{}, halving: {} trials to {} iterations", text, fmt::join(counts, ", "),
                     fmt::join(lengths, ", "));
}

TuningResults results_of(const TuningSearch& search, const TuningPlan& plan, const TuningFolder& folder,
                         CurrentProblem& problem, torch::Device device, bool test) {
  const auto& first = problem.of(plan.trainings.front());
  TuningResults results{.ranking = search.ranking(),
                        .complete = search.complete(),
                        .winner = search.winner(),
                        .on_test = {},
                        .metric = find_description(first.evaluator->descriptions(), plan.base.tuning.metric),
                        .outcomes = search.outcomes()};
  if (!results.winner || !test) return results;
  const auto& planned = plan.training(results.winner->rung, results.winner->trial);
  const auto& prepared = problem.of(planned);
  const auto run =
      load_run(folder.runs.of(planned), planned.experiment, prepared, device, planned.entry.label);
  results.on_test = measure_on_test(planned.experiment, prepared, *run.energy);
  return results;
}

void print_trials(const TuningPlan& plan, const TuningResults& results) {
  std::vector<std::vector<std::string>> lines = {{""}};
  for (const auto& range : plan.ranges) lines[0].push_back(printable(range.path));
  for (const auto& name :
       {std::string("iterations"), std::string("seconds"), results.metric.name, std::string("end")})
    lines[0].push_back(name);
  for (const auto& one : results.ranking) {
    const auto& outcome = one.outcome;
    std::vector<std::string> line = {plan.trials[one.trial].label};
    for (const auto& range : plan.ranges) line.push_back(shown(plan.trials[one.trial].set[range.path]));
    line.push_back(std::to_string(outcome.iteration));
    line.push_back(fmt::format("{:.3g}", outcome.seconds));
    line.push_back(outcome.value ? with_error(*outcome.value, outcome.error) : "-");
    line.push_back(end_of(one, plan));
    lines.push_back(std::move(line));
  }
  show("{}", aligned(lines, terminal_columns()));
  if (results.winner) print_winner(plan, results);
}

Json configuration_of(const TuningPlan& plan, const RankedTrial& winner, bool trust) {
  auto chosen = plan.training(winner.rung, winner.trial).experiment.resolved;
  chosen.erase("tune");
  // The steps that it has led to are there; by it they would be computed again, to another last bit.
  chosen["time_scale_ratio"] = nullptr;
  return trust ? with_trust(std::move(chosen), false) : chosen;
}

Json manifest_of(const ComparisonRequest& request, const TuningResults& results, const TuningPlan& plan) {
  Json manifest = program_manifest(request.device, threads());
  manifest["command"] = request.command;
  manifest["status"] = !results.complete ? "interrupted"
                       : results.winner  ? "finished"
                                         : "failed: no trial came to the end of its run";
  manifest["planned"] = plan.trials.size();
  return manifest;
}

void write_trials(const TuningPlan& plan, const TuningFolder& folder, const TuningResults& results,
                  const Json& manifest) {
  Json trials = Json::array();
  for (const auto& trial : plan.trials)
    trials.push_back({{"label", trial.label}, {"set", trial.set}, {"goes_on", trial.goes_on}});
  Json best, test;
  if (results.winner) {
    const auto& outcome = results.winner->outcome;
    best = {{"label", plan.trials[results.winner->trial].label},
            {"value", *outcome.value},
            {"error", number_or_null(outcome.error)}};
  }
  if (results.on_test)
    test = {{"value", results.on_test->value}, {"error", number_or_null(results.on_test->error)}};
  write_json(folder.trials(), {{"title", plan.base.general.title},
                               {"manifest", manifest},
                               {"metric", results.metric.name},
                               {"trials", std::move(trials)},
                               {"outcomes", to_json(results.outcomes)},
                               {"best", std::move(best)},
                               {"test", std::move(test)},
                               {"configuration", plan.base.resolved}});
}

}  // namespace ebm
