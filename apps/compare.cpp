#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "dualebm/apps/command_line.hpp"
#include "dualebm/apps/comparison/comparison_request.hpp"
#include "dualebm/apps/comparison/comparison_results.hpp"
#include "dualebm/apps/comparison/training_queue.hpp"
#include "dualebm/apps/comparison/worker.hpp"
#include "dualebm/apps/run_folders.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/output.hpp"
#include "dualebm/framework/compute/device.hpp"
#include "dualebm/framework/experiment/run_identity.hpp"
#include "dualebm/framework/training/callbacks/interrupt.hpp"

namespace ebm {
namespace {

/// Every folder is there and free before the first training begins: hours later would
/// be too late to find out.
void prepare_folders(const ComparisonPlan& plan, const ComparisonFolder& folder, bool force) {
  std::filesystem::remove(folder.plan());  // or a kill would leave that of before over emptied folders
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

/// Adds the least that an entry comes to: where all are evaluated, so that they can be compared there.
/// Trainings that stop early come to less.
void add_common_budget(const std::vector<std::int64_t>& budgets, std::vector<std::int64_t>& marks) {
  std::int64_t least = 0;
  for (const auto budget : budgets) {
    if (budget > 0 && (least == 0 || budget < least)) least = budget;
  }
  if (least > 0 && std::find(marks.begin(), marks.end(), least) == marks.end()) marks.push_back(least);
}

/// Of each training: the gradient evaluations of its entry.
std::vector<double> work_of(const ComparisonPlan& plan, const std::vector<std::int64_t>& budgets) {
  std::vector<double> work;
  for (const auto& planned : plan.trainings) {
    const auto entry =
        std::find_if(plan.entries.begin(), plan.entries.end(),
                     [&](const ComparisonEntry& one) { return one.label == planned.entry.label; });
    work.push_back(static_cast<double>(budgets[static_cast<std::size_t>(entry - plan.entries.begin())]));
  }
  return work;
}

}  // namespace

int compare(CompareOptions options, const Catalogue& catalogue) {
  const bool resume = !options.resume.empty();
  auto request = request_of(options, "compare");
  const auto plan = plan_of(request, catalogue, plan_comparison);
  const auto root = root_of(options, "compare", plan.base.general.title);
  const ComparisonFolder folder(root);
  const auto device = parse_device(options.settings.device);
  CurrentProblem problem(device);
  if (options.worker) return work_for_queue(folder, request, plan.trainings, problem, options.settings);
  require_free(folder, options);
  // Data that cannot be had are found out before there is a folder.
  const auto first = problem.of(plan.trainings.front());
  ensure_folder(root);
  const RunLock lock(root);
  if (resume) {
    require_fitting_folders(plan, folder);
  } else {
    prepare_folders(plan, folder, options.force);
  }
  note("{}\n", summary_of(plan));
  const auto left = what_is_left(plan.trainings, folder);
  if (resume)
    note("{} of {} trainings are done already\n", plan.trainings.size() - left.size(), plan.trainings.size());
  const auto budgets = budgets_of(plan, costs_of_iterations(plan, problem, device));
  add_common_budget(budgets, request.evaluate_at);
  folder.write(request);

  TrainingQueue queue{.trainings = plan.trainings,
                      .numbers = std::vector<std::size_t>(plan.trainings.size()),
                      .work = work_of(plan, budgets),
                      .left = left};
  std::iota(queue.numbers.begin(), queue.numbers.end(), 0);
  train_queue(queue, folder, request, options, problem, catalogue.trust_scripts);
  if (Interrupt::signal() != 0 && what_is_left(plan.trainings, folder).size() == plan.trainings.size())
    return say_incomplete(folder, "compare", "no training has ended yet");
  const auto results = results_of(plan, folder, problem, device);
  const auto manifest = manifest_of(request, results);
  // Shown before they are written: a disk may be full.
  print_tables(plan, results);
  write_page(plan, folder, results, manifest, first);
  write_tables(plan, folder, results, manifest);
  show("report             {}\n", folder.report().string());
  if (results.complete()) return 0;
  return say_incomplete(
      folder, "compare",
      fmt::format("{} of {} trainings are in the tables", results.runs.size(), results.planned));
}

}  // namespace ebm
