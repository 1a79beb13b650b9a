#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "dualebm/apps/command_line.hpp"
#include "dualebm/apps/report.hpp"
#include "dualebm/apps/run_folders.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/output.hpp"
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

/// The problem of the run at hand, which several in a row may share.
class CurrentProblem final {
 public:
  CurrentProblem(const PlannedTraining& first, torch::Device device) : device_(device) { of(first); }

  const PreparedProblem& of(const PlannedTraining& planned) {
    if (planned.problem_key() != key_) {
      key_.clear();
      prepared_ = make_problem(planned.experiment, device_);
      key_ = planned.problem_key();
    }
    return prepared_;
  }

 private:
  torch::Device device_;
  std::string key_;
  PreparedProblem prepared_;
};

/// What a failed run has left: the records up to then, if they can be read.
std::vector<Record> records_left_in(const std::filesystem::path& metrics) {
  try {
    return std::filesystem::exists(metrics) ? read_records(metrics) : std::vector<Record>{};
  } catch (const std::exception&) {
    return {};
  }
}

/// Trains one line of the plan; a run that diverges or cannot be made is noted and the comparison goes on.
TrainingRun run_planned(const PlannedTraining& planned, CurrentProblem& problem,
                        const std::filesystem::path& root, const RunSettings& settings,
                        const std::vector<std::int64_t>& evaluate_at) {
  const auto seed = planned.experiment.general.seed;
  const auto title = fmt::format("{} seed {}", planned.entry.label, seed);
  TrainingRun run{.seed = seed};
  try {
    const auto directory = create_run(root / planned.folder(), false);
    const auto& prepared = problem.of(planned);
    run.metrics = prepared.evaluator->descriptions();
    const auto training = make_training(planned.experiment, prepared, parse_device(settings.device));
    run = train_in(directory, planned.experiment, prepared, *training, settings, title, false, evaluate_at);
  } catch (const std::exception& error) {
    run.end = dynamic_cast<const NonFiniteError*>(&error) != nullptr ? RunEnd::diverged : RunEnd::failed;
    run.reason = first_line(error.what());
    note("{}: {}\n", title, error.what());
    if (!run.metrics.empty()) run.records = records_left_in(root / planned.folder() / "metrics.jsonl");
  }
  run.label = planned.entry.label;
  return run;
}

/// @param unit  of the axis, for the title
Table budget_table(const std::vector<TrainingRun>& runs, Axis axis, const std::string& what,
                   const std::string& unit) {
  const double reach = common_reach(runs, axis);
  const bool evaluated = is_evaluated_at(runs, axis, reach);
  return table_at(
      fmt::format("at equal {} ({:.4g}{}), {}", what, reach, unit,
                  evaluated ? "evaluated at the nearest iteration" : "interpolated between evaluations"),
      runs, axis, reach);
}

/// The gradient evaluations that the dearest-to-reach of the plan's trainings will come to, by what one iteration of
/// each costs: where all are evaluated, so that they can be compared there. Trainings that stop early come to less,
/// and trainings that cannot be made are found out later.
std::vector<std::int64_t> common_budget(const ComparisonPlan& plan, const PreparedProblem& prepared,
                                        torch::Device device) {
  std::int64_t budget = std::numeric_limits<std::int64_t>::max();
  for (const auto& entry : plan.entries) {
    for (const auto& planned : plan.trainings) {
      if (planned.entry.label != entry.label) continue;
      if (planned.problem_key() != plan.trainings.front().problem_key()) break;
      try {
        const auto& fit = planned.experiment.loop.fit;
        const auto training = make_training(planned.experiment, prepared, device);
        training->step(training->draw_batch(fit.batch_size));
        const auto cost = training->progress().gradient_evaluations;
        auto all = cost * fit.iterations;
        if (fit.gradient_evaluations > 0) all = std::min(all, fit.gradient_evaluations);
        if (all > 0) budget = std::min(budget, all);
      } catch (const std::exception&) {
        break;  // said when its turn comes
      }
      break;
    }
  }
  if (budget == std::numeric_limits<std::int64_t>::max()) return {};
  return {budget};
}

/// All trainings of the plan, one after the other, until a signal comes.
std::vector<TrainingRun> train_all(const ComparisonPlan& plan, CurrentProblem& problem,
                                   const std::filesystem::path& root, const RunSettings& settings) {
  const Interrupt interrupt;
  std::vector<TrainingRun> runs;
  const auto evaluate_at =
      common_budget(plan, problem.of(plan.trainings.front()), parse_device(settings.device));
  for (const auto& planned : plan.trainings) {
    auto run = run_planned(planned, problem, root, settings, evaluate_at);
    if (!run.caution.empty()) note("{}: caution: {}\n", run.label, run.caution);
    if (Interrupt::signal() != 0) break;
    runs.push_back(std::move(run));
  }
  require(!runs.empty(), "compare: interrupted before the first run was done");
  return runs;
}

/// At equal gradients, at equal time and, where a target is given, what it took.
std::vector<Table> tables_at_budgets(const std::vector<TrainingRun>& runs, const ComparisonOptions& target) {
  std::vector<Table> tables = {budget_table(runs, Axis::gradient_evaluations, "gradient evaluations", ""),
                               budget_table(runs, Axis::seconds, "training time", " s")};
  if (!target.target_metric.empty())
    tables.push_back(table_to_target(runs, target.target_metric, target.target_value));
  return tables;
}

Json manifest_of(const RunSettings& settings, std::size_t runs, std::size_t planned) {
  Json manifest = program_manifest(settings.device, threads());
  manifest["command"] = settings.command;
  manifest["status"] = runs == planned ? "finished" : "interrupted";
  manifest["runs"] = runs;
  manifest["planned"] = planned;
  return manifest;
}

void print_tables(const ComparisonPlan& plan, const Table& table, const std::vector<Table>& more) {
  show("{}", to_text(table));
  for (const auto& one : more) show("\n{}", to_text(one));
  if (plan.base.comparison.seeds.size() > 1)
    show("\nmedian over seeds [least, greatest] ± median error of a seed; units: dualebm list metric\n");
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
  CurrentProblem problem(plan.trainings.front(), parse_device(options.settings.device));
  const auto first = problem.of(plan.trainings.front());
  ensure_folder(root);
  const RunLock lock(root);
  prepare_folders(plan, root, options.force);
  std::filesystem::remove(root / "comparison.json");

  const auto summary = fmt::format("{}: {} entries × {} seeds, energy {}", base.general.title,
                                   plan.entries.size(), base.comparison.seeds.size(), base.energy.name);
  note("{}\n", summary);
  const auto runs = train_all(plan, problem, root, options.settings);
  const bool complete = runs.size() == plan.trainings.size();
  const bool any =
      std::any_of(runs.begin(), runs.end(), [](const TrainingRun& run) { return run.energy != nullptr; });
  require(any, "compare: no run came to its end; the first: {}", runs.front().status());

  const auto table = table_at("final", runs, Axis::iteration, std::nullopt);
  const auto more = tables_at_budgets(runs, base.comparison);
  const auto manifest = manifest_of(options.settings, runs.size(), plan.trainings.size());
  const auto sweep = sweep_json(base, plan.entries, table);
  Json result = {{"title", base.general.title},
                 {"manifest", manifest},
                 {"configuration", base.resolved},
                 {"final", to_json(table)},
                 {"at_equal_gradient_evaluations", to_json(more[0])},
                 {"at_equal_time", to_json(more[1])},
                 {"sweep", sweep}};
  if (more.size() > 2) result["until_target"] = to_json(more[2]);
  // Shown before they are written: a disk may be full.
  print_tables(plan, table, more);
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
    note("interrupted: {} of {} runs are in the tables; the same command with --force starts again\n",
         runs.size(), plan.trainings.size());
  }
  show("report             {}\n", (root / "report.html").string());
  return complete ? 0 : 128 + Interrupt::signal();
}

}  // namespace ebm
