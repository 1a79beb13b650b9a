#include "apps/training_run.hpp"

#include <chrono>

#include "framework/callbacks/checkpoint_writer.hpp"
#include "framework/callbacks/console.hpp"
#include "framework/callbacks/early_stop.hpp"
#include "framework/callbacks/interrupt.hpp"
#include "framework/callbacks/metrics_file.hpp"
#include "framework/checkpoint.hpp"
#include "framework/error.hpp"
#include "framework/parallel.hpp"

namespace ebm {
namespace {

/// Keeps the manifest of a run up to date.
class Manifest {
 public:
  Manifest(const RunDirectory& directory, const Experiment& experiment, const RunSettings& settings)
      : path_(directory.manifest()), content_(program_manifest(settings.device, threads())) {
    content_["seed"] = experiment.general.seed;
    content_["command"] = settings.command;
    write("running", {});
  }

  void write(const std::string& status, const Progress& progress) {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
    content_["status"] = status;
    content_["iteration"] = progress.iteration;
    content_["gradient_evaluations"] = progress.gradient_evaluations;
    content_["training_seconds"] = progress.seconds;
    content_["seconds"] = elapsed.count();
    write_json(path_, content_);
  }

 private:
  std::filesystem::path path_;
  Json content_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// The records that a run resumed at `progress` keeps: a kill may have left later ones.
std::vector<Record> records_until(const RunDirectory& directory, const Progress& progress) {
  std::vector<Record> kept;
  for (auto& record : read_records(directory.metrics())) {
    if (record.progress.iteration <= progress.iteration) kept.push_back(std::move(record));
  }
  return kept;
}

/// Remembers every record, for the report.
class Memory final : public Callback {
 public:
  explicit Memory(std::vector<Record> kept) : records(std::move(kept)) {}
  void on_record(const Record& record) override { records.push_back(record); }
  std::vector<Record> records;
};

std::string with_checkpoint(const std::string& message, const RunDirectory& directory) {
  if (!std::filesystem::exists(directory.checkpoint())) return message + "; there is no checkpoint yet";
  return fmt::format("{}; the last good checkpoint is {}", message, directory.checkpoint().string());
}

}  // namespace

TrainingRun train_in(const RunDirectory& directory, const Experiment& experiment, const Problem& problem,
                     const Training& training, const RunSettings& settings, const std::string& label, bool resume) {
  const TrainingState state{*training.energy, *training.optimizer, *training.trainer, *training.batches};

  Progress start;
  std::vector<Record> kept;
  if (resume && std::filesystem::exists(directory.checkpoint())) {
    start = load_checkpoint(directory.checkpoint(), state);
    kept = records_until(directory, start);
  }
  write_json(directory.config(), experiment.resolved);
  Manifest manifest(directory, experiment, settings);

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
    save_energy(directory.model(), *training.energy);
    manifest.write(result.reason, result.progress);
    return {label, experiment.general.seed, result.reason, std::move(memory.records), training.energy};
  } catch (const NonFiniteError& error) {
    manifest.write(fmt::format("diverged: {}", error.what()), {.iteration = training.trainer->iteration()});
    throw NonFiniteError(with_checkpoint(error.what(), directory));
  }
}

}  // namespace ebm
