#include "dualebm/framework/experiment/run_manifest.hpp"

#include <nlohmann/json.hpp>

#include "dualebm/framework/base/output.hpp"
#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/experiment/run_identity.hpp"
#include "dualebm/framework/training/callbacks/metrics_file.hpp"

namespace ebm {
namespace {

Json absolute_paths(const std::vector<std::string>& paths) {
  Json result = Json::array();
  for (const auto& path : paths)
    result.push_back(std::filesystem::absolute(path).lexically_normal().string());
  return result;
}

}  // namespace

RunManifest::RunManifest(const RunDirectory& directory, const Experiment& experiment,
                         const Training& training, const RunSettings& settings)
    : training_(&training),
      path_(directory.manifest()),
      before_(directory.read_manifest()),
      content_(program_manifest(settings.device, threads())) {
  content_["run"] = before_.value("run", "");
  if (name().empty()) content_["run"] = new_run_name();
  content_["seed"] = experiment.general.seed;
  content_["command"] = settings.command;
  content_["plugins"] = absolute_paths(settings.plugins);
  if (const auto ranks = training.trainer().ranks().size(); ranks > 1) content_["ranks"] = ranks;
}

bool RunManifest::had_diverged() const { return before_.value("status", "").starts_with("diverged"); }

void RunManifest::note_resumption(std::int64_t iteration, Json changes) {
  Json resumed = before_.value("resumed", Json::array());
  resumed.push_back({{"started", content_["started"]},
                     {"command", content_["command"]},
                     {"iteration", iteration},
                     {"changed", std::move(changes)}});
  content_["resumed"] = std::move(resumed);
  for (const char* key : {"started", "command"}) content_[key] = before_.value(key, "");
  seconds_before_ = before_.value("seconds", 0.0);
}

void RunManifest::note_data(const Problem& problem) {
  const auto& data = problem.data();
  const auto rows = [](const torch::Tensor& part) { return part.defined() ? part.size(0) : 0; };
  content_["data"] = {{"read", data.origin},       {"columns", data.columns},
                      {"train", rows(data.train)}, {"validation", rows(data.validation)},
                      {"test", rows(data.test)},   {"fingerprint", problem.fingerprint()}};
}

void RunManifest::note_caution(const std::string& caution) {
  if (!caution.empty()) content_["caution"] = caution;
}

void RunManifest::write(const std::string& status, const Progress& progress) {
  if (!training_->trainer().ranks().is_first()) return;
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

void RunManifest::try_to_write(const std::string& status, const Progress& progress) {
  try {
    write(status, progress);
  } catch (const std::exception& error) {
    note("{}\n", error.what());
  }
}

}  // namespace ebm
