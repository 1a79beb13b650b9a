#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "dualebm/apps/command_line.hpp"
#include "dualebm/apps/report.hpp"
#include "dualebm/apps/run_folders.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/device.hpp"
#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/experiment/comparison_plan.hpp"
#include "dualebm/framework/experiment/training_run.hpp"
#include "dualebm/framework/settings/config_file.hpp"
#include "dualebm/framework/training/callbacks/interrupt.hpp"
#include "dualebm/framework/training/callbacks/metrics_file.hpp"

namespace ebm {
namespace {

Json sweep_json(const Experiment& base, const std::vector<ComparisonEntry>& entries, const Table& table) {
  if (base.comparison.sweep_parameter.empty()) return nullptr;
  Json points = Json::array();
  const auto rows = to_json(table)["rows"];
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Json metrics = rows[i];
    metrics.erase("label");
    metrics.erase("seeds");
    points.push_back(
        {{"label", rows[i]["label"]}, {"value", *entries[i].value}, {"metrics", std::move(metrics)}});
  }
  const auto& parameter = base.comparison.sweep_parameter;
  const std::string label =
      parameter == "time_scale_ratio" ? "α = h_z / h_x, ratio of time scales" : parameter;
  return {{"parameter", parameter}, {"label", label}, {"metric", "kl"}, {"points", std::move(points)}};
}

/// Every folder is there and free before the first run begins: hours later would be too late to find out.
void prepare_folders(const ComparisonPlan& plan, const std::filesystem::path& root, bool force) {
  for (const auto& planned : plan.trainings) create_run(root / planned.folder(), force);
}

/// Trains one line of the plan; a run that diverges or cannot be made is noted and the comparison goes on.
TrainingRun run_planned(const PlannedTraining& planned, const PreparedProblem& prepared,
                        const std::filesystem::path& root, const RunSettings& settings) {
  const auto seed = planned.experiment.general.seed;
  const auto title = fmt::format("{} seed {}", planned.entry.label, seed);
  const auto directory = create_run(root / planned.folder(), false);
  TrainingRun run{.seed = seed, .metrics = prepared.evaluator->descriptions()};
  try {
    const auto training = make_training(planned.experiment, prepared, parse_device(settings.device));
    run = train_in(directory, planned.experiment, prepared, *training, settings, title, false);
  } catch (const std::exception& error) {
    run.end = dynamic_cast<const DivergedError*>(&error) != nullptr ? RunEnd::diverged : RunEnd::failed;
    run.reason = first_line(error.what());
    fmt::print(stderr, "{}: {}\n", title, run.reason);
    if (std::filesystem::exists(directory.metrics())) run.records = read_records(directory.metrics());
  }
  run.label = planned.entry.label;
  return run;
}

Table budget_table(const std::vector<TrainingRun>& runs, Axis axis, const std::string& format) {
  const double reach = common_reach(runs, axis);
  return table_at(fmt::format(fmt::runtime(format), reach), runs, axis, reach);
}

/// All trainings of the plan, one after the other, until a signal comes.
struct Trained {
  std::vector<TrainingRun> runs;
  PreparedProblem first;  ///< of the first run: what the page shows
};

Trained train_all(const ComparisonPlan& plan, const std::filesystem::path& root,
                  const RunSettings& settings) {
  const auto device = parse_device(settings.device);
  const Interrupt interrupt;
  Trained trained;
  std::string key;
  PreparedProblem prepared;
  for (const auto& planned : plan.trainings) {
    if (planned.problem_key() != key) {
      key = planned.problem_key();
      prepared = make_problem(planned.experiment, device);
    }
    if (trained.runs.empty()) trained.first = prepared;
    auto run = run_planned(planned, prepared, root, settings);
    if (Interrupt::signal() != 0) break;
    trained.runs.push_back(std::move(run));
  }
  require(!trained.runs.empty(), "compare: interrupted before the first run was done");
  return trained;
}

void print_tables(const ComparisonPlan& plan, const Table& table, const std::vector<Table>& more) {
  fmt::print("{}", to_text(table));
  for (const auto& one : more) fmt::print("\n{}", to_text(one));
  if (plan.base.comparison.seeds.size() > 1)
    fmt::print("\nmedian over seeds [least, greatest]; units: dualebm list metric\n");
}

}  // namespace

int compare(const LaunchOptions& options, const Catalogue& catalogue) {
  const auto plan = plan_comparison(load_configuration(options.config, options.overrides), catalogue);
  const auto& base = plan.base;
  const auto root = options.out.empty() ? default_folder(base.general.title + "-compare")
                                        : std::filesystem::path(options.out);
  require(options.force || !std::filesystem::exists(root / "comparison.json"),
          "{}: holds a comparison already; --force replaces it, --out chooses another folder", root.string());
  // Data that cannot be had are found out before there is a folder.
  make_problem(plan.trainings.front().experiment, parse_device(options.settings.device));
  prepare_folders(plan, root, options.force);
  std::filesystem::remove(root / "comparison.json");

  const auto summary = fmt::format("{}: {} entries × {} seeds, energy {}", base.general.title,
                                   plan.entries.size(), base.comparison.seeds.size(), base.energy.name);
  fmt::print(stderr, "{}\n", summary);
  const auto [runs, first] = train_all(plan, root, options.settings);
  const bool complete = runs.size() == plan.trainings.size();
  const bool any =
      std::any_of(runs.begin(), runs.end(), [](const TrainingRun& run) { return run.energy != nullptr; });
  require(any, "compare: no run came to its end; the first: {}", runs.front().status());

  const auto table = table_at("final", runs, Axis::iteration, std::nullopt);
  std::vector<Table> more = {
      budget_table(runs, Axis::gradient_evaluations, "at equal gradient evaluations ({:.4g})"),
      budget_table(runs, Axis::seconds, "at equal training time ({:.3g} s)")};
  const auto& target = base.comparison;
  if (!target.target_metric.empty())
    more.push_back(table_to_target(runs, target.target_metric, target.target_value));
  Json manifest = program_manifest(options.settings.device, threads());
  manifest["command"] = options.settings.command;
  manifest["status"] = complete ? "finished" : "interrupted";
  manifest["runs"] = runs.size();
  manifest["planned"] = plan.trainings.size();
  const auto sweep = sweep_json(base, plan.entries, table);
  Json result = {{"title", base.general.title},
                 {"manifest", manifest},
                 {"configuration", base.resolved},
                 {"final", to_json(table)},
                 {"at_equal_gradient_evaluations", to_json(more[0])},
                 {"at_equal_time", to_json(more[1])},
                 {"sweep", sweep}};
  if (more.size() > 2) result["until_target"] = to_json(more[2]);
  write_report(root / "report.html",
               {.kind = "compare",
                .summary = summary,
                .configuration = base.resolved,
                .manifest = manifest,
                .runs = runs,
                .table = table,
                .more_tables = more,
                .sweep = sweep},
               first);
  write_json(root / "comparison.json", result);

  if (!complete) {
    fmt::print(stderr,
               "interrupted: {} of {} runs are in the tables; the same command with --force starts again\n",
               runs.size(), plan.trainings.size());
  }
  print_tables(plan, table, more);
  fmt::print("report             {}\n", (root / "report.html").string());
  return complete ? 0 : 128 + Interrupt::signal();
}

}  // namespace ebm
