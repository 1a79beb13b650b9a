#include "dualebm/apps/comparison/comparison_results.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "dualebm/apps/report.hpp"
#include "dualebm/apps/table_text.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/output.hpp"
#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/storage/run_directory.hpp"

namespace ebm {
namespace {

Json sweep_json(const ComparisonPlan& plan, const Table& table) {
  const auto& parameter = plan.base.comparison.sweep_parameter;
  if (parameter.empty()) return nullptr;
  Json points = Json::array();
  for (const auto& row : to_json(table)["rows"]) {
    Json metrics = row;
    metrics.erase("label");
    metrics.erase("seeds");
    const auto label = row["label"].get<std::string>();
    const auto entry = std::find_if(plan.entries.begin(), plan.entries.end(),
                                    [&](const ComparisonEntry& one) { return one.label == label; });
    points.push_back({{"label", row["label"]}, {"value", *entry->value}, {"metrics", std::move(metrics)}});
  }
  const std::string label =
      parameter == "time_scale_ratio" ? "α = h_z / h_x, ratio of time scales" : parameter;
  return {{"parameter", parameter}, {"label", label}, {"metric", "kl"}, {"points", std::move(points)}};
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

}  // namespace

ComparisonResults results_of(const ComparisonPlan& plan, const ComparisonFolder& folder,
                             CurrentProblem& problem, torch::Device device) {
  ComparisonResults results{
      .runs = {}, .planned = plan.trainings.size(), .final = {}, .at_budgets = {}, .sweep = {}};
  for (const auto& planned : plan.trainings) {
    const auto path = folder.of(planned);
    const auto standing = standing_of(path);
    if (!standing.end || *standing.end == RunEnd::interrupted) continue;
    TrainingRun run{
        .seed = planned.experiment.general.seed, .end = RunEnd::failed, .reason = standing.reason};
    try {
      run = load_run(path, planned.experiment, problem.of(planned), device, planned.entry.label);
    } catch (const UserError& error) {
      // The data of an entry that failed for their want cannot be had now either.
      if (*standing.end != RunEnd::failed) throw;
    }
    run.label = planned.entry.label;
    results.runs.push_back(std::move(run));
  }
  auto& runs = results.runs;
  require(!runs.empty(), "compare: no training has ended yet");
  const bool any =
      std::any_of(runs.begin(), runs.end(), [](const TrainingRun& run) { return run.energy != nullptr; });
  require(any, "compare: no run came to its end; the first: {}", runs.front().status());
  results.final = table_at("final", runs, Axis::iteration, std::nullopt);
  results.at_budgets = {budget_table(runs, Axis::gradient_evaluations, "gradient evaluations", ""),
                        budget_table(runs, Axis::seconds, "training time", " s")};
  const auto& target = plan.base.comparison;
  if (!target.target_metric.empty())
    results.at_budgets.push_back(table_to_target(runs, target.target_metric, target.target_value));
  results.sweep = sweep_json(plan, results.final);
  return results;
}

void print_tables(const ComparisonPlan& plan, const ComparisonResults& results) {
  const auto width = terminal_columns();
  show("{}", to_text(results.final, width));
  for (const auto& one : results.at_budgets) show("\n{}", to_text(one, width));
  if (plan.base.comparison.seeds.size() > 1)
    show("\nmedian over seeds [least, greatest] ± median error of a seed, where a digit shows it\n");
  show("units: dualebm list metric\n");
}

std::string summary_of(const ComparisonPlan& plan) {
  return fmt::format("{}: {} entries × {} seeds, energy {}", plan.base.general.title, plan.entries.size(),
                     plan.base.comparison.seeds.size(), plan.base.energy.name);
}

Json manifest_of(const ComparisonRequest& request, const ComparisonResults& results) {
  Json manifest = program_manifest(request.device, threads());
  manifest["command"] = request.command;
  manifest["status"] = results.complete() ? "finished" : "interrupted";
  manifest["runs"] = results.runs.size();
  manifest["planned"] = results.planned;
  return manifest;
}

void write_page(const ComparisonPlan& plan, const ComparisonFolder& folder, const ComparisonResults& results,
                const Json& manifest, const PreparedProblem& first) {
  write_report(folder.report(),
               {.kind = "compare",
                .summary = summary_of(plan),
                .configuration = plan.base.resolved,
                .manifest = manifest,
                .runs = results.runs,
                .table = results.final,
                .more_tables = results.at_budgets,
                .sweep = results.sweep},
               first);
}

void write_tables(const ComparisonPlan& plan, const ComparisonFolder& folder,
                  const ComparisonResults& results, const Json& manifest) {
  Json content = {{"title", plan.base.general.title},
                  {"manifest", manifest},
                  {"configuration", plan.base.resolved},
                  {"final", to_json(results.final)},
                  {"at_equal_gradient_evaluations", to_json(results.at_budgets[0])},
                  {"at_equal_time", to_json(results.at_budgets[1])},
                  {"sweep", results.sweep}};
  if (results.at_budgets.size() > 2) content["until_target"] = to_json(results.at_budgets[2]);
  write_json(folder.tables(), content);
}

}  // namespace ebm
