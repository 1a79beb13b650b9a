#include "dualebm/framework/experiment/training_run.hpp"

#include <nlohmann/json.hpp>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/output.hpp"
#include "dualebm/framework/experiment/run_identity.hpp"
#include "dualebm/framework/experiment/run_manifest.hpp"
#include "dualebm/framework/problem/conformance.hpp"
#include "dualebm/framework/sampling/diagnostics/step_bias.hpp"
#include "dualebm/framework/storage/checkpoint.hpp"
#include "dualebm/framework/storage/checkpoint_writer.hpp"
#include "dualebm/framework/training/callbacks/console.hpp"
#include "dualebm/framework/training/callbacks/early_stop.hpp"
#include "dualebm/framework/training/callbacks/interrupt.hpp"
#include "dualebm/framework/training/callbacks/metrics_file.hpp"
#include "dualebm/framework/training/callbacks/stop_at.hpp"

namespace ebm {
namespace {

/// Energies and domains that are not this library's own are looked into before they are trained; transforms
/// have been when they were fitted.
void require_own_conformance(const Experiment& experiment, const PreparedProblem& prepared,
                             Training& training) {
  Random random(experiment.seed(), "conformance");
  const auto& domain = prepared.problem->domain();
  if (experiment.domain.foreign) require_conformance(check(domain, random));
  if (experiment.energy.foreign && training.problem().data().train.device().is_cpu()) {
    require_conformance(check(training.energy(), domain, random));
  }
}

std::string caution_about_step(const Trainer& trainer, const torch::Tensor& particles) {
  const auto step = trainer.langevin_step();
  if (!step || !particles.defined() || particles.size(0) == 0) return {};
  return step_bias(trainer.energy(), trainer.problem().domain(), particles, *step).caution();
}

std::string with_checkpoint(const std::string& message, const RunDirectory& directory) {
  for (const auto& path : {directory.older_checkpoint(), directory.checkpoint()}) {
    if (std::filesystem::exists(path))
      return fmt::format("{}; the last good checkpoint is {}", message, path.string());
  }
  return message + "; there is no checkpoint yet";
}

/// Takes a run up where it was left; what there is to say about it is said. @param changes  see changes_of
void go_on(CheckpointGenerations& checkpoints, Training& training, RunManifest& manifest, Json changes) {
  const auto loaded = checkpoints.load(training, manifest.had_diverged());
  const auto iteration = loaded ? loaded->iteration : 0;
  if (loaded) {
    for (const auto& remark : loaded->remarks) note("{}\n", remark);
  }
  if (manifest.had_diverged()) {
    note(
        "the run had diverged; it goes on from iteration {}, and diverges again unless its steps become "
        "smaller: --set optimizer..., --set trainer.particle_step=..., --set loop.gradient_clip=...\n",
        iteration);
  }
  manifest.note_resumption(iteration, std::move(changes));
}

/// Callbacks of a run, in the order in which they are called.
class Watchers {
 public:
  Watchers(const RunDirectory& directory, const Experiment& experiment, const PreparedProblem& prepared,
           Training& training, std::shared_ptr<CheckpointGenerations> checkpoints,
           std::shared_ptr<Callback> progress, const std::string& label) {
    const auto& metrics = prepared.evaluator->descriptions();
    // The first rank watches for all; what a checkpoint holds is on each.
    const bool watches = training.trainer().ranks().is_first();
    if (watches) add<MetricsFile>(directory.metrics(), training);
    // Before the checkpoint is written, which holds the best model.
    const auto& early_stop = experiment.loop.early_stop;
    if (watches && !early_stop.metric.empty()) add<EarlyStop>(training, metrics, early_stop);
    if (watches && experiment.loop.stop_at_gap > 0) {
      add<StopAt>(CallbackContext{metrics},
                  StopAt::Options{.metric = "duality_gap", .value = experiment.loop.stop_at_gap});
    }
    for (const auto& choice : experiment.callbacks) {
      if (watches) owned_.push_back(choice.make({metrics}));
    }
    add<CheckpointWriter>(training, std::move(checkpoints), experiment.loop.checkpoint_every);
    if (watches)
      owned_.push_back(progress ? std::move(progress) : std::make_shared<ConsoleProgress>(stderr, label));
    add<Interrupt>();
    for (const auto& callback : owned_) all_.push_back(callback.get());
  }
  const std::vector<Callback*>& all() const { return all_; }

 private:
  template <class T, class... Arguments>
  void add(Arguments&&... arguments) {
    owned_.push_back(std::make_shared<T>(std::forward<Arguments>(arguments)...));
  }
  std::vector<std::shared_ptr<Callback>> owned_;
  std::vector<Callback*> all_;
};

}  // namespace

std::string TrainingRun::status() const {
  return reason.empty() ? to_string(end) : fmt::format("{}: {}", to_string(end), reason);
}

TrainingRun train_in(const RunDirectory& directory, const Experiment& experiment,
                     const PreparedProblem& prepared, Training& training, const RunSettings& settings,
                     const std::string& label, bool resume, const std::vector<std::int64_t>& evaluate_at) {
  RunManifest manifest(directory, experiment, training, settings);
  const auto checkpoints = std::make_shared<CheckpointGenerations>(
      directory.checkpoint(), directory.older_checkpoint(),
      CheckpointIdentity{.run = manifest.name(), .configuration = fixed_part(experiment.resolved).dump()});
  if (resume) go_on(*checkpoints, training, manifest, changes_of(directory, experiment));
  require_own_conformance(experiment, prepared, training);
  manifest.note_data(*prepared.problem);
  auto& ranks = training.trainer().ranks();
  ranks.barrier();  // all have read what was there
  // A run that had ended must not be taken for one that has ended by the new configuration.
  if (resume) manifest.write("running", training.progress());
  if (ranks.is_first()) {
    // A model of before would be taken for that of the newest state.
    if (resume) std::filesystem::remove(directory.model());
    // First the configuration, without which nothing can be taken up.
    write_json(directory.config(), experiment.resolved);
    if (!prepared.transform->empty()) save_module(directory.transform(), *prepared.transform);
  }
  manifest.write("running", training.progress());

  auto options = experiment.loop.fit;
  options.evaluate_every = experiment.evaluation.every;
  options.evaluator = prepared.evaluator;
  options.evaluate_at = evaluate_at;
  TrainingRun run{
      .label = label, .seed = experiment.general.seed, .metrics = prepared.evaluator->descriptions()};
  try {
    const Watchers watchers(directory, experiment, prepared, training, checkpoints, settings.progress, label);
    const auto result = fit(training, options, watchers.all());
    training.energy().eval();
    if (ranks.is_first()) save_module(directory.model(), training.energy());
    run.end = result.end;
    run.reason = result.reason;
    run.records = training.records();
    run.recoveries = training.recoveries();
    run.last = result.last;
    run.energy = training.trainer().shared_energy();
    const auto& trainer = training.trainer();
    run.particles = gather_rows(trainer.particles(), trainer.particle_rows(), ranks);
    run.caution = caution_about_step(trainer, run.particles);
    manifest.note_caution(run.caution);
    manifest.write(run.status(), result.progress);
    return run;
  } catch (const DivergedError& error) {
    manifest.try_to_write(fmt::format("diverged: {}", error.what()), training.progress());
    throw DivergedError(with_checkpoint(error.what(), directory));
  } catch (const std::exception& error) {
    manifest.try_to_write(fmt::format("failed: {}", error.what()), training.progress());
    throw;
  }
}

}  // namespace ebm
