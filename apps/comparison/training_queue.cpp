#include "dualebm/apps/comparison/training_queue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "dualebm/apps/comparison/comparison_progress.hpp"
#include "dualebm/apps/comparison/worker_pool.hpp"
#include "dualebm/framework/base/output.hpp"
#include "dualebm/framework/compute/device.hpp"
#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/experiment/memory_needs.hpp"
#include "dualebm/framework/training/callbacks/console.hpp"
#include "dualebm/framework/training/callbacks/interrupt.hpp"
#include "dualebm/framework/training/callbacks/metrics_file.hpp"

namespace ebm {
namespace {

constexpr double bytes_of_a_process = 4e8;  // LibTorch, and what a configuration says nothing about

/// As many as asked for; else as many as there are cores, memory and trainings for, and one on a GPU.
std::size_t worker_count(const CompareOptions& options, const ComparisonPlan& plan, std::size_t trainings) {
  if (options.workers > 0) return std::min<std::size_t>(static_cast<std::size_t>(options.workers), trainings);
  if (!parse_device(options.settings.device).is_cpu()) return 1;
  double most = 0;
  for (const auto& planned : plan.trainings) {
    double bytes = bytes_of_a_process;
    for (const auto& need : memory_needs(planned.experiment)) bytes += need.bytes;
    most = std::max(most, bytes);
  }
  const auto by_cores = available_cores() / std::max(1, options.settings.threads);
  const auto by_memory = std::min(available_memory() / most, 1e6);
  return std::max<std::size_t>(
      1, std::min({trainings, static_cast<std::size_t>(by_cores), static_cast<std::size_t>(by_memory)}));
}

/// How a training stands, with its metrics.
std::string outcome_of(const PlannedTraining& planned, const ComparisonFolder& folder) try {
  const auto path = folder.of(planned);
  const auto status = read_manifest(path / "manifest.json").value("status", "running");
  std::string metrics;
  if (std::filesystem::exists(path / "metrics.jsonl")) {
    const auto records = read_records(path / "metrics.jsonl");
    if (!records.empty()) metrics = fmt::format("  {}", metrics_line(records.back().metrics));
  }
  return fmt::format("{}: {}{}", title_of(planned), status, metrics);
} catch (const std::exception& error) {
  return fmt::format("{}: {}", title_of(planned), error.what());
}

/// The words of a worker's command line.
std::vector<std::string> worker_command(const CompareOptions& options, const ComparisonFolder& folder,
                                        const ComparisonRequest& request, std::size_t workers, bool trust) {
  const auto each = std::max(1, available_cores() / static_cast<int>(workers));
  const auto threads = options.settings.threads > 0 ? options.settings.threads : each;
  std::vector<std::string> words = {"dualebm",
                                    "compare",
                                    "--resume",
                                    folder.root().string(),
                                    "--worker",
                                    "--threads",
                                    std::to_string(threads),
                                    "--device",
                                    request.device};
  for (const auto& plugin : request.plugins) words.insert(words.end(), {"--plugin", plugin});
  if (trust) words.emplace_back("--trust-script");
  return words;
}

/// All that is left, the longest first, so that no worker is left alone with a long one at the end.
void train_by_workers(const ComparisonPlan& plan, const ComparisonFolder& folder,
                      std::vector<std::size_t> left, const std::vector<double>& work, WorkerPool& pool) {
  std::stable_sort(left.begin(), left.end(), [&](std::size_t a, std::size_t b) { return work[a] > work[b]; });
  ComparisonProgress progress(stderr, work, left);
  const auto title = [&](std::size_t number) { return title_of(plan.trainings[number]); };
  pool.run(
      {left.begin(), left.end()},
      {.begun = [&](std::size_t number) { progress.begun(number); },
       .progress = [&](std::size_t number, double share) { progress.at(number, share); },
       .ended =
           [&](std::size_t number) { progress.ended(number, outcome_of(plan.trainings[number], folder)); },
       .lost =
           [&](std::size_t number, const std::string& how) {
             progress.ended(number, fmt::format("{}: its process was ended by {}", title(number), how));
           },
       .idle = [&] { progress.draw(); }});
  progress.clear();
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

std::vector<std::size_t> what_is_left(const ComparisonPlan& plan, const ComparisonFolder& folder) {
  std::vector<std::size_t> left;
  for (std::size_t i = 0; i < plan.trainings.size(); ++i) {
    if (!folder.is_done(plan.trainings[i])) left.push_back(i);
  }
  return left;
}

void train_what_is_left(const ComparisonPlan& plan, const ComparisonFolder& folder,
                        const ComparisonRequest& request, const CompareOptions& options,
                        CurrentProblem& problem, const std::vector<std::int64_t>& budgets, bool trust) {
  const Interrupt interrupt;
  const auto left = what_is_left(plan, folder);
  if (left.empty()) return;
  const auto workers = worker_count(options, plan, left.size());
  if (workers > 1) {
    WorkerPool pool(worker_command(options, folder, request, workers, trust), workers);
    train_by_workers(plan, folder, left, work_of(plan, budgets), pool);
    return;
  }
  for (const auto number : left) {
    if (Interrupt::signal() != 0) return;
    train_planned(plan.trainings[number], problem, folder, options.settings, request.evaluate_at);
  }
}

}  // namespace ebm
