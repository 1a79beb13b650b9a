#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "dualebm/apps/command_line.hpp"
#include "dualebm/apps/comparison/comparison_results.hpp"
#include "dualebm/apps/report.hpp"
#include "dualebm/apps/table_text.hpp"
#include "dualebm/apps/tuning/tuning_report.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/output.hpp"
#include "dualebm/framework/compute/device.hpp"
#include "dualebm/framework/experiment/loaded_energy.hpp"

namespace ebm {
namespace {

void report_on_comparison(const ComparisonFolder& folder, torch::Device device, const Catalogue& catalogue) {
  const auto request = folder.read_of("compare");
  enter_working_folder(request);
  const auto plan = plan_of(request, catalogue, plan_comparison);
  CurrentProblem problem(device);
  const auto first = problem.of(plan.trainings.front());
  const auto results = results_of(plan, folder, problem, device);
  print_tables(plan, results);
  write_page(plan, folder, results, manifest_of(request, results), first);
  if (!results.complete())
    show("{} of {} trainings have ended; the others are not in the tables\n", results.runs.size(),
         results.planned);
  show("report             {}\n", folder.report().string());
}

void report_on_search(const TuningFolder& folder, torch::Device device, const Catalogue& catalogue) {
  const auto request = folder.runs.read_of("tune");
  enter_working_folder(request);
  const auto plan = plan_of(request, catalogue, plan_tuning);
  CurrentProblem problem(device, make_validation_problem);
  const auto& metrics = problem.of(plan.trainings.front()).evaluator->descriptions();
  TuningSearch search(plan, find_description(metrics, plan.base.tuning.metric).better == "lower",
                      read_outcomes(folder.trials()));
  for (std::size_t rung = 0; rung < plan.rungs.size(); ++rung)
    gather(search, plan, folder, rung, problem, device);
  const auto results = results_of(search, plan, folder, problem, device, /*test=*/true);
  require(!results.ranking.empty(), "{}: no trial has ended yet", folder.runs.root().string());
  print_trials(plan, results);
  write_page(plan, folder, results, manifest_of(request, results, plan), problem, device);
  if (!search.complete())
    show("{} of {} trials have ended so far\n", results.ranking.size(), plan.trials.size());
  show("report             {}\n", folder.runs.report().string());
}

void report_on_run(const std::string& path, torch::Device device, const Catalogue& catalogue) {
  const auto directory = RunDirectory::open(path);
  const auto experiment = read_experiment_of(directory, load_configuration_of(directory), catalogue);
  const auto prepared = make_problem(experiment, device);
  const auto run = load_run(path, experiment, prepared, device, experiment.trainer.name);
  const auto table = table_at("final", {run}, Axis::iteration, std::nullopt);
  show("{}", to_text(table, terminal_columns()));
  write_report(directory.report(),
               {.kind = "train",
                .summary = summary_of(experiment, *prepared.problem),
                .configuration = experiment.resolved,
                .manifest = directory.read_manifest(),
                .runs = {run},
                .table = table,
                .more_tables = {}},
               prepared);
  show("report             {}\n", directory.report().string());
}

}  // namespace

void report_on(const ReportOptions& options, const Catalogue& catalogue) {
  const auto device = parse_device(options.device);
  const ComparisonFolder folder(std::filesystem::absolute(options.folder).lexically_normal());
  const bool search = std::filesystem::exists(folder.plan()) && folder.read().program == "tune";
  if (search) {
    report_on_search(TuningFolder(folder.root()), device, catalogue);
  } else if (folder.holds_one()) {
    report_on_comparison(folder, device, catalogue);
  } else {
    report_on_run(options.folder, device, catalogue);
  }
}

}  // namespace ebm
