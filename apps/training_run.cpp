#include "dualebm/apps/training_run.hpp"

#include <chrono>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/settings/config_file.hpp"
#include "dualebm/framework/storage/checkpoint.hpp"
#include "dualebm/framework/training/callbacks/checkpoint_writer.hpp"
#include "dualebm/framework/training/callbacks/console.hpp"
#include "dualebm/framework/training/callbacks/early_stop.hpp"
#include "dualebm/framework/training/callbacks/interrupt.hpp"
#include "dualebm/framework/training/callbacks/metrics_file.hpp"

namespace ebm {
namespace {

Json absolute(const std::vector<std::string>& paths) {
  Json result = Json::array();
  for (const auto& path : paths)
    result.push_back(std::filesystem::absolute(path).lexically_normal().string());
  return result;
}

/// Keeps the manifest of a run up to date.
class Manifest {
 public:
  /// @param resume  keep when and how the run began, and note that it was taken up again
  Manifest(const RunDirectory& directory, const Experiment& experiment, const RunSettings& settings,
           bool resume)
      : path_(directory.manifest()), content_(program_manifest(settings.device, threads())) {
    content_["seed"] = experiment.general.seed;
    content_["command"] = settings.command;
    content_["plugins"] = absolute(settings.plugins);
    if (resume && std::filesystem::exists(path_)) {
      const auto before = read_json_file(path_.string());
      Json resumed = before.value("resumed", Json::array());
      resumed.push_back({{"started", content_["started"]}, {"command", settings.command}});
      content_["resumed"] = std::move(resumed);
      for (const char* key : {"started", "command"}) content_[key] = before.value(key, "");
      seconds_before_ = before.value("seconds", 0.0);
    }
    write("running", {});
  }

  void write(const std::string& status, const Progress& progress) {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
    content_["status"] = status;
    content_["iteration"] = progress.iteration;
    content_["gradient_evaluations"] = progress.gradient_evaluations;
    content_["training_seconds"] = progress.seconds;
    content_["seconds"] = seconds_before_ + elapsed.count();
    write_json(path_, content_);
  }

 private:
  std::filesystem::path path_;
  Json content_;
  double seconds_before_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// The records that a run resumed at `progress` keeps: those that the undisturbed run would have by then. A
/// kill may have left later ones, the end of a shorter run one between the evaluations.
std::vector<Record> records_until(const RunDirectory& directory, const Progress& progress,
                                  std::int64_t every) {
  std::vector<Record> kept;
  for (auto& record : read_records(directory.metrics())) {
    const auto iteration = record.progress.iteration;
    const bool regular = iteration == 0 || (every > 0 && iteration % every == 0);
    if (regular && iteration <= progress.iteration) kept.push_back(std::move(record));
  }
  return kept;
}

/// What a run may change when it goes on: how long, how often it is looked at, what it is called.
bool may_change(const std::string& path) {
  for (const char* allowed : {"/loop", "/metrics", "/title", "/compare"}) {
    if (path.starts_with(allowed)) return true;
  }
  return false;
}

/// Refuses to go on with another energy, trainer, data or seed than the run began with.
void require_same_run(const RunDirectory& directory, const Experiment& experiment) {
  const auto before = read_json_file(directory.config().string());
  for (const auto& change : Json::diff(before, experiment.resolved)) {
    const auto path = change["path"].get<std::string>();
    require(may_change(path),
            "--resume {}: {} differs from the run's config.json; only loop, metrics, compare and title "
            "may change",
            directory.path().string(), path.substr(1));
  }
}

/// Remembers every record, for the report.
class Memory final : public Callback {
 public:
  explicit Memory(std::vector<Record> kept) : records(std::move(kept)) {}
  void on_start(const Progress& progress) override { last = progress; }
  void on_record(const Record& record) override { records.push_back(record); }
  void on_step(const Progress& progress) override { last = progress; }
  std::vector<Record> records;
  Progress last;
};

std::string with_checkpoint(const std::string& message, const RunDirectory& directory) {
  if (!std::filesystem::exists(directory.checkpoint())) return message + "; there is no checkpoint yet";
  return fmt::format("{}; the last good checkpoint is {}", message, directory.checkpoint().string());
}

}  // namespace

TrainingRun train_in(const RunDirectory& directory, const Experiment& experiment, const Problem& problem,
                     const Training& training, const RunSettings& settings, const std::string& label,
                     bool resume) {
  if (resume) require_same_run(directory, experiment);
  const TrainingState state{*training.energy, *training.optimizer, *training.trainer, *training.batches};

  Progress start;
  std::vector<Record> kept;
  if (resume && std::filesystem::exists(directory.checkpoint())) {
    start = load_checkpoint(directory.checkpoint(), state);
    kept = records_until(directory, start, experiment.metrics.every);
  }
  Manifest manifest(directory, experiment, settings, resume);
  write_json(directory.config(), experiment.resolved);
  if (!problem.transform->empty()) save_module(directory.transform(), *problem.transform);

  MetricsFile metrics(directory.metrics(), kept);
  Memory memory(kept);
  CheckpointWriter checkpoints(experiment.loop.checkpoint_every, [&](const Progress& progress) {
    save_checkpoint(directory.checkpoint(), state, progress);
  });
  ConsoleProgress console(stderr, label);
  Interrupt interrupt;
  std::vector<Callback*> callbacks = {&metrics, &memory, &checkpoints, &console, &interrupt};
  std::optional<EarlyStop> early_stop;
  if (!experiment.loop.early_stop_metric.empty()) {
    early_stop.emplace(experiment.loop.early_stop_metric, experiment.loop.early_stop_patience);
    for (const auto& record : kept) early_stop->on_record(record);
    callbacks.push_back(&*early_stop);
  }

  try {
    const auto result = fit(*training.trainer, *training.energy, problem.dataset.train, *training.batches,
                            *problem.evaluator, experiment.loop, callbacks, start);
    // The checkpoint, written before, has the parameters that training goes on with.
    if (const auto* average = training.trainer->average()) average->write_to(*training.energy);
    training.energy->eval();
    save_module(directory.model(), *training.energy);
    manifest.write(result.reason, result.progress);
    return {label,           experiment.general.seed,      result.reason, std::move(memory.records),
            training.energy, training.trainer->particles()};
  } catch (const NonFiniteError& error) {
    manifest.write(fmt::format("diverged: {}", error.what()), memory.last);
    throw NonFiniteError(with_checkpoint(error.what(), directory));
  } catch (const std::exception& error) {
    manifest.write(fmt::format("failed: {}", error.what()), memory.last);
    throw;
  }
}

}  // namespace ebm
