#include "dualebm/framework/experiment/loaded_energy.hpp"

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/settings/config_file.hpp"
#include "dualebm/framework/storage/checkpoint.hpp"

namespace ebm {

Experiment read_experiment_of(const RunDirectory& run, const Json& configuration,
                              const Catalogue& catalogue) {
  try {
    return read_experiment(configuration, catalogue);
  } catch (const UserError& error) {
    if (!std::filesystem::exists(run.manifest())) throw;
    std::string plugins;
    for (const auto& plugin : read_json_file(run.manifest().string()).value("plugins", Json::array())) {
      plugins += " --plugin " + plugin.get<std::string>();
    }
    if (plugins.empty()) throw;
    fail("{}; this run was trained with{}", error.what(), plugins);
  }
}

LoadedEnergy load_energy_of(const std::string& path, torch::Device device, const Catalogue& catalogue) {
  const auto directory = RunDirectory::open(path);
  LoadedEnergy run{read_experiment_of(directory, read_json_file(directory.config().string()), catalogue),
                   nullptr, nullptr, nullptr};
  run.domain = run.experiment.domain.make({});
  run.energy = make_energy(run.experiment, run.domain, device);
  if (std::filesystem::exists(directory.model())) {
    load_module(directory.model(), *run.energy);
  } else {
    require(std::filesystem::exists(directory.checkpoint()), "{}: has no model and no checkpoint yet", path);
    load_energy_of_checkpoint(directory.checkpoint(), *run.energy);
  }
  run.energy->eval();
  run.transform = make_transform(run.experiment, run.domain);
  if (!run.transform->empty()) load_module(directory.transform(), *run.transform);
  return run;
}

}  // namespace ebm
