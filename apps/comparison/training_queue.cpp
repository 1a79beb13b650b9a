#include "dualebm/apps/comparison/training_queue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
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
std::size_t worker_count(const QueueOptions& options, const TrainingQueue& queue) {
  const auto trainings = queue.left.size();
  if (options.workers > 0) return std::min<std::size_t>(static_cast<std::size_t>(options.workers), trainings);
  if (!parse_device(options.settings.device).is_cpu()) return 1;
  double most = 0;
  for (const auto number : queue.left) {
    double bytes = bytes_of_a_process;
    for (const auto& need : memory_needs(queue.trainings[number].experiment)) bytes += need.bytes;
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
std::vector<std::string> worker_command(const QueueOptions& options, const ComparisonFolder& folder,
                                        const ComparisonRequest& request, std::size_t workers, bool trust) {
  const auto each = std::max(1, available_cores() / static_cast<int>(workers));
  const auto threads = options.settings.threads > 0 ? options.settings.threads : each;
  std::vector<std::string> words = {
      "dualebm",   request.program,         "--resume", folder.root().string(), "--worker",
      "--threads", std::to_string(threads), "--device", request.device};
  for (const auto& plugin : request.plugins) words.insert(words.end(), {"--plugin", plugin});
  if (trust) words.emplace_back("--trust-script");
  return words;
}

/// All that is left, the longest first, so that no worker is left alone with a long one at the end.
void train_by_workers(const TrainingQueue& queue, const ComparisonFolder& folder, WorkerPool& pool) {
  std::map<std::size_t, std::size_t> place;  // of a number among those of the queue
  for (std::size_t i = 0; i < queue.numbers.size(); ++i) place[queue.numbers[i]] = i;
  auto left = queue.left;
  std::stable_sort(left.begin(), left.end(),
                   [&](std::size_t a, std::size_t b) { return queue.work[place[a]] > queue.work[place[b]]; });
  std::vector<std::size_t> todo;
  for (const auto number : left) todo.push_back(place[number]);
  ComparisonProgress progress(stderr, queue.work, todo);
  const auto& trainings = queue.trainings;
  pool.run(
      {left.begin(), left.end()},
      {.begun = [&](std::size_t number) { progress.begun(place[number]); },
       .progress = [&](std::size_t number, double share) { progress.at(place[number], share); },
       .ended =
           [&](std::size_t number) { progress.ended(place[number], outcome_of(trainings[number], folder)); },
       .lost =
           [&](std::size_t number, const std::string& how) {
             progress.ended(place[number],
                            fmt::format("{}: its process was ended by {}", title_of(trainings[number]), how));
           },
       .idle = [&] { progress.draw(); }});
  progress.clear();
}

}  // namespace

std::vector<std::size_t> what_is_left(const std::vector<PlannedTraining>& trainings,
                                      const ComparisonFolder& folder) {
  std::vector<std::size_t> left;
  for (std::size_t i = 0; i < trainings.size(); ++i) {
    if (!folder.is_done(trainings[i])) left.push_back(i);
  }
  return left;
}

void train_queue(const TrainingQueue& queue, const ComparisonFolder& folder, const ComparisonRequest& request,
                 const QueueOptions& options, CurrentProblem& problem, bool trust) {
  const Interrupt interrupt;
  if (queue.left.empty()) return;
  const auto workers = worker_count(options, queue);
  if (workers > 1) {
    WorkerPool pool(worker_command(options, folder, request, workers, trust), workers);
    train_by_workers(queue, folder, pool);
    return;
  }
  auto settings = options.settings;
  settings.command = request.command;
  for (const auto number : queue.left) {
    if (Interrupt::signal() != 0) return;
    train_planned(queue.trainings[number], problem, folder, settings, request.evaluate_at);
  }
}

}  // namespace ebm
