#include "dualebm/framework/experiment/training_run.hpp"

#include <chrono>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/problem/conformance.hpp"
#include "dualebm/framework/settings/config_file.hpp"
#include "dualebm/framework/storage/checkpoint.hpp"
#include "dualebm/framework/storage/checkpoint_writer.hpp"
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
  Manifest(const RunDirectory& directory, const Experiment& experiment, const Training& training,
           const RunSettings& settings, bool resume)
      : training_(&training), path_(directory.manifest()), content_(program_manifest(settings.device, threads())) {
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

  /// What the run was trained on, so that whoever reads its data again can tell whether they are the same.
  void note_data(const Problem& problem) {
    const auto& data = problem.data();
    const auto rows = [](const torch::Tensor& part) { return part.defined() ? part.size(0) : 0; };
    content_["data"] = {{"read", data.origin},       {"columns", data.columns},
                        {"train", rows(data.train)}, {"validation", rows(data.validation)},
                        {"test", rows(data.test)},   {"fingerprint", problem.fingerprint()}};
    write("running", {});
  }

  void write(const std::string& status, const Progress& progress) {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
    content_["status"] = status;
    content_["iteration"] = progress.iteration;
    content_["gradient_evaluations"] = progress.gradient_evaluations;
    content_["training_seconds"] = progress.seconds;
    content_["seconds"] = seconds_before_ + elapsed.count();
    content_["recoveries"] = Json::array();
    for (const auto& recovery : training_->recoveries()) content_["recoveries"].push_back(to_json(recovery));
    write_json(path_, content_);
  }

 private:
  const Training* training_;
  std::filesystem::path path_;
  Json content_;
  double seconds_before_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// What a run may change when it goes on: how long, how often it is looked at, what it is called.
bool may_change(const std::string& path) {
  for (const char* allowed : {"/loop", "/metrics", "/title", "/compare"}) {
    if (path.starts_with(allowed)) return true;
  }
  return false;
}

/// Energies, domains and transforms that are not this library's own are looked into before they are trained.
void require_own_conformance(const Experiment& experiment, const PreparedProblem& prepared,
                             Training& training) {
  Random random(experiment.seed(), "conformance");
  const auto& domain = prepared.problem->domain();
  if (experiment.domain.foreign) require_conformance(check(domain, random));
  if (experiment.energy.foreign && training.problem().data().train.device().is_cpu()) {
    require_conformance(check(training.energy(), domain, random));
  }
}

std::string with_checkpoint(const std::string& message, const RunDirectory& directory) {
  if (!std::filesystem::exists(directory.checkpoint())) return message + "; there is no checkpoint yet";
  return fmt::format("{}; the last good checkpoint is {}", message, directory.checkpoint().string());
}

/// Callbacks of a run, in the order in which they are called.
class Watchers {
 public:
  Watchers(const RunDirectory& directory, const Experiment& experiment, const PreparedProblem& prepared,
           Training& training, const std::string& label) {
    const auto& metrics = prepared.evaluator->descriptions();
    add<MetricsFile>(directory.metrics(), training);
    // Before the checkpoint is written, which holds the best model.
    const auto& early_stop = experiment.loop.early_stop;
    if (!early_stop.metric.empty()) add<EarlyStop>(training, metrics, early_stop);
    for (const auto& choice : experiment.callbacks) owned_.push_back(choice.make({metrics}));
    add<CheckpointWriter>(training, directory.checkpoint(), experiment.loop.checkpoint_every);
    add<ConsoleProgress>(stderr, label);
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

std::string TrainingRun::status() const {
  return reason.empty() ? to_string(end) : fmt::format("{}: {}", to_string(end), reason);
}

TrainingRun train_in(const RunDirectory& directory, const Experiment& experiment,
                     const PreparedProblem& prepared, Training& training, const RunSettings& settings,
                     const std::string& label, bool resume) {
  if (resume) require_same_run(directory, experiment);
  if (resume && std::filesystem::exists(directory.checkpoint()))
    load_checkpoint(directory.checkpoint(), training);
  require_own_conformance(experiment, prepared, training);
  Manifest manifest(directory, experiment, training, settings, resume);
  write_json(directory.config(), experiment.resolved);
  if (!prepared.transform->empty()) save_module(directory.transform(), *prepared.transform);

  auto options = experiment.loop.fit;
  options.evaluate_every = experiment.evaluation.every;
  options.evaluator = prepared.evaluator;
  TrainingRun run{
      .label = label, .seed = experiment.general.seed, .metrics = prepared.evaluator->descriptions()};
  manifest.note_data(*prepared.problem);
  try {
    const Watchers watchers(directory, experiment, prepared, training, label);
    const auto result = fit(training, options, watchers.all());
    training.energy().eval();
    save_module(directory.model(), training.energy());
    run.end = result.end;
    run.reason = result.reason;
    run.records = training.records();
    run.recoveries = training.recoveries();
    run.last = result.last;
    run.energy = training.trainer().shared_energy();
    run.particles = training.trainer().particles();
    manifest.write(run.status(), result.progress);
    return run;
  } catch (const DivergedError& error) {
    manifest.write(fmt::format("diverged: {}", error.what()), training.progress());
    throw DivergedError(with_checkpoint(error.what(), directory));
  } catch (const std::exception& error) {
    manifest.write(fmt::format("failed: {}", error.what()), training.progress());
    throw;
  }
}

}  // namespace ebm
