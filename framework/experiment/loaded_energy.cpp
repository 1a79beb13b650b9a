#include "dualebm/framework/experiment/loaded_energy.hpp"

#include <nlohmann/json.hpp>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/output.hpp"
#include "dualebm/framework/settings/config_file.hpp"
#include "dualebm/framework/storage/checkpoint_generations.hpp"

namespace ebm {

Json load_configuration_of(const RunDirectory& run, const std::vector<std::string>& overrides) {
  return load_configuration(run.config().string(), overrides, /*from_a_run=*/true);
}

Experiment read_experiment_of(const RunDirectory& run, const Json& configuration,
                              const Catalogue& catalogue) {
  try {
    return read_experiment(configuration, catalogue);
  } catch (const UserError& error) {
    std::string plugins;
    for (const auto& plugin : run.read_manifest().value("plugins", Json::array())) {
      plugins += " --plugin " + plugin.get<std::string>();
    }
    if (plugins.empty()) throw;
    fail("{}; this run was trained with{}", error.what(), plugins);
  }
}

void require_same_data(const RunDirectory& run, const Problem& problem) {
  const auto manifest = run.read_manifest();
  if (!manifest.contains("data")) return;
  const auto& before = manifest["data"];
  if (before.value("fingerprint", "") == problem.fingerprint()) return;
  const auto rows = [](const torch::Tensor& part) { return part.defined() ? part.size(0) : 0; };
  const auto& data = problem.data();
  fail(
      "{}: the data are not those of the run: it was trained on {} training, {} validation and {} test "
      "points, and now there are {}, {} and {}{}; put the file back, or train again",
      run.path().string(), before.value("train", 0), before.value("validation", 0), before.value("test", 0),
      rows(data.train), rows(data.validation), rows(data.test),
      before.value("train", 0) == rows(data.train) ? ", of other numbers" : "");
}

namespace {

std::vector<std::string> columns_of(const RunDirectory& run) {
  if (!std::filesystem::exists(run.manifest())) return {};
  const auto manifest = read_json_file(run.manifest().string());
  if (!manifest.is_object() || !manifest.contains("data") || !manifest["data"].is_object()) return {};
  const auto columns = manifest["data"].value("columns", Json::array());
  const bool names = columns.is_array() && std::all_of(columns.begin(), columns.end(),
                                                       [](const Json& name) { return name.is_string(); });
  return names ? columns.get<std::vector<std::string>>() : std::vector<std::string>{};
}

}  // namespace

LoadedEnergy load_energy_of(const std::string& path, torch::Device device, const Catalogue& catalogue) {
  const auto directory = RunDirectory::open(path);
  LoadedEnergy run{read_experiment_of(directory, load_configuration_of(directory), catalogue),
                   nullptr,
                   nullptr,
                   nullptr,
                   {}};
  run.domain = run.experiment.domain.make({});
  run.energy = make_energy(run.experiment, run.domain, device);
  if (std::filesystem::exists(directory.model())) {
    load_module(directory.model(), *run.energy);
  } else {
    const CheckpointGenerations checkpoints(directory.checkpoint(), directory.older_checkpoint());
    require(checkpoints.exist(), "{}: has no model and no checkpoint yet", path);
    const auto found = checkpoints.read();
    if (!found.complaint.empty()) note("{}\n", found.complaint);
    load_energy_of_checkpoint(found.state, found.path, *run.energy);
  }
  run.energy->eval();
  run.transform = make_transform(run.experiment, run.domain);
  if (!run.transform->empty()) load_module(directory.transform(), *run.transform);
  run.columns = columns_of(directory);
  return run;
}

}  // namespace ebm
