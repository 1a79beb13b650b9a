#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "dualebm/apps/command_line.hpp"
#include "dualebm/apps/comparison/comparison_results.hpp"
#include "dualebm/apps/comparison/training_queue.hpp"
#include "dualebm/apps/comparison/worker.hpp"
#include "dualebm/apps/run_folders.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/output.hpp"
#include "dualebm/framework/compute/device.hpp"
#include "dualebm/framework/experiment/run_identity.hpp"
#include "dualebm/framework/settings/config_file.hpp"
#include "dualebm/framework/training/callbacks/interrupt.hpp"

namespace ebm {
namespace {

ComparisonRequest request_of(const CompareOptions& options) {
  const auto& settings = options.settings;
  ComparisonRequest request{.configuration = load_configuration(options.config, options.overrides),
                            .working_folder = std::filesystem::current_path().string(),
                            .command = settings.command,
                            .device = settings.device};
  for (const auto& plugin : settings.plugins)
    request.plugins.push_back(std::filesystem::absolute(plugin).lexically_normal().string());
  return request;
}

/// Every folder is there and free before the first training begins: hours later would
/// be too late to find out.
void prepare_folders(const ComparisonPlan& plan, const ComparisonFolder& folder, bool force) {
  for (const auto& planned : plan.trainings) create_run(folder.of(planned), force);
  std::filesystem::remove(folder.tables());
}

/// What is there fits what is planned: a training can go on with other lengths and steps,
/// but is no other training.
void require_fitting_folders(const ComparisonPlan& plan, const ComparisonFolder& folder) {
  for (const auto& planned : plan.trainings) {
    const auto path = folder.of(planned);
    if (standing_of(path).begun) changes_of(RunDirectory::open(path), planned.experiment);
  }
}

/// The least that an entry comes to: where all are evaluated, so that they can be compared there. Trainings
/// that stop early come to less.
std::vector<std::int64_t> common_budget(const std::vector<std::int64_t>& budgets) {
  std::int64_t least = 0;
  for (const auto budget : budgets) {
    if (budget > 0 && (least == 0 || budget < least)) least = budget;
  }
  return least > 0 ? std::vector<std::int64_t>{least} : std::vector<std::int64_t>{};
}

/// A comparison that goes on: what was asked for, with a new configuration or overrides on top.
ComparisonRequest taken_up(const ComparisonFolder& folder, CompareOptions& options) {
  require(options.out.empty(), "compare: --out and --resume name a folder each; take one of them");
  require(!options.force, "compare: --force throws away what --resume goes on with; take one of them");
  auto request = folder.read();
  if (options.settings.device == "cpu") options.settings.device = request.device;
  if (options.config.empty()) {
    enter_working_folder(request);
    for (const auto& assignment : options.overrides) apply_override(request.configuration, assignment);
  } else {
    const auto evaluate_at = request.evaluate_at;
    request = request_of(options);
    request.evaluate_at = evaluate_at;
  }
  return request;
}

}  // namespace

int compare(CompareOptions options, const Catalogue& catalogue) {
  const bool resume = !options.resume.empty();
  require(resume || !options.config.empty(), "compare: give a configuration file, or --resume DIR");
  std::filesystem::path root = std::filesystem::absolute(options.resume).lexically_normal();
  auto request = resume ? taken_up(ComparisonFolder(root), options) : request_of(options);
  const auto plan = plan_of(request, catalogue);
  if (!resume) {
    root = options.out.empty() ? default_folder(plan.base.general.title + "-compare")
                               : std::filesystem::path(options.out);
  }
  const ComparisonFolder folder(root);
  if (options.worker) return work_for_comparison(folder, request, plan, options.settings);
  require(resume || options.force || !folder.holds_one(),
          "{}: holds a comparison already; --resume {} goes on with it, --force replaces it, --out chooses "
          "another "
          "folder",
          root.string(), root.string());
  // Data that cannot be had are found out before there is a folder.
  const auto device = parse_device(options.settings.device);
  CurrentProblem problem(device);
  const auto first = problem.of(plan.trainings.front());
  ensure_folder(root);
  const RunLock lock(root);
  if (resume) {
    require_fitting_folders(plan, folder);
  } else {
    prepare_folders(plan, folder, options.force);
  }
  note("{}\n", summary_of(plan));
  const auto left = what_is_left(plan, folder).size();
  if (resume)
    note("{} of {} trainings are done already\n", plan.trainings.size() - left, plan.trainings.size());
  const auto budgets = budgets_of(plan, costs_of_iterations(plan, problem, device));
  if (request.evaluate_at.empty()) request.evaluate_at = common_budget(budgets);
  folder.write(request);

  train_what_is_left(plan, folder, request, options, problem, budgets, catalogue.trust_scripts);
  const auto results = results_of(plan, folder, problem, device);
  const auto manifest = manifest_of(request, results);
  // Shown before they are written: a disk may be full.
  print_tables(plan, results);
  write_page(plan, folder, results, manifest, first);
  write_tables(plan, folder, results, manifest);
  show("report             {}\n", folder.report().string());
  if (results.complete()) return 0;
  note("{}: {} of {} trainings are in the tables; dualebm compare --resume {} goes on\n",
       Interrupt::signal() != 0 ? "interrupted" : "incomplete", results.runs.size(), results.planned,
       root.string());
  return Interrupt::signal() != 0 ? 128 + Interrupt::signal() : 1;
}

}  // namespace ebm
