#include "dualebm/framework/experiment/ended_run.hpp"

#include <nlohmann/json.hpp>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/experiment/loaded_energy.hpp"
#include "dualebm/framework/experiment/run_identity.hpp"
#include "dualebm/framework/storage/checkpoint_generations.hpp"
#include "dualebm/framework/training/callbacks/metrics_file.hpp"

namespace ebm {
namespace {

/// What a failed run has left: the records up to then, if they can be read.
std::vector<Record> records_left_in(const std::filesystem::path& metrics) {
  try {
    return std::filesystem::exists(metrics) ? read_records(metrics) : std::vector<Record>{};
  } catch (const std::exception&) {
    return {};
  }
}

/// Of the energy that the training ends with: the last record is of its last iteration, a
/// best one needs another look.
Record last_of(Training& training, const Evaluator& evaluator) {
  const auto& records = training.records();
  const bool seen = !records.empty() && records.back().progress.iteration == training.progress().iteration &&
                    !training.keeps_best();
  return seen ? records.back() : Record{training.progress(), training.evaluate(evaluator)};
}

}  // namespace

RunStanding standing_of(const std::filesystem::path& folder) {
  RunStanding standing{.begun = std::filesystem::exists(folder / "config.json")};
  if (!std::filesystem::exists(folder / "manifest.json")) return standing;
  const auto status = read_manifest(folder / "manifest.json").value("status", "running");
  if (status == "running") return standing;
  const auto colon = status.find(": ");
  try {
    standing.end = run_end_of(status.substr(0, colon));
  } catch (const UserError& error) {
    fail("{}: {}", (folder / "manifest.json").string(), error.what());
  }
  if (colon != std::string::npos) standing.reason = status.substr(colon + 2);
  return standing;
}

TrainingRun load_run(const std::filesystem::path& folder, const Experiment& experiment,
                     const PreparedProblem& prepared, torch::Device device, const std::string& label) {
  const auto standing = standing_of(folder);
  require(standing.end.has_value(), "{}: its training has not ended", folder.string());
  TrainingRun run{.label = label,
                  .seed = experiment.general.seed,
                  .end = *standing.end,
                  .reason = standing.reason,
                  .metrics = prepared.evaluator->descriptions()};
  if (run.end == RunEnd::diverged || run.end == RunEnd::failed) {
    run.records = records_left_in(folder / "metrics.jsonl");
    const auto manifest = read_manifest(folder / "manifest.json");
    for (const auto& one : manifest.value("recoveries", Json::array()))
      run.recoveries.push_back(recovery_of(one));
    return run;
  }
  const auto directory = RunDirectory::open(folder);
  require_same_data(directory, *prepared.problem);
  const auto manifest = directory.read_manifest();
  const auto training = make_training(experiment, prepared, device);
  CheckpointGenerations checkpoints(
      directory.checkpoint(), directory.older_checkpoint(),
      {.run = manifest.value("run", ""), .configuration = fixed_part(experiment.resolved).dump()});
  require(checkpoints.load(*training, /*diverged=*/false).has_value(), "{}: there is no checkpoint",
          folder.string());
  // The older one stands in for a damaged one where a run goes on, which this one does not.
  const auto iteration = manifest.value("iteration", training->progress().iteration);
  require(training->progress().iteration == iteration,
          "{}: damaged; the run ended at iteration {}, what can be read is of iteration {}",
          directory.checkpoint().string(), iteration, training->progress().iteration);
  run.particles = training->trainer().particles();
  training->show_result();
  training->energy().eval();
  run.records = training->records();
  run.recoveries = training->recoveries();
  run.last = last_of(*training, *prepared.evaluator);
  run.energy = training->trainer().shared_energy();
  run.caution = manifest.value("caution", "");
  return run;
}

}  // namespace ebm
