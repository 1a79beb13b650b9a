#include "apps/loaded_energy.hpp"

#include "framework/checkpoint.hpp"
#include "framework/config_file.hpp"
#include "framework/error.hpp"
#include "framework/run.hpp"

namespace ebm {

LoadedEnergy load_energy_of(const std::string& path, torch::Device device) {
  const auto directory = RunDirectory::open(path);
  LoadedEnergy run{read_experiment(read_json_file(directory.config().string())), nullptr, nullptr};
  run.domain = run.experiment.domain.make({});
  run.energy = make_energy(run.experiment, run.domain, device);
  if (std::filesystem::exists(directory.model())) {
    load_energy(directory.model(), *run.energy);
  } else {
    require(std::filesystem::exists(directory.checkpoint()), "{}: has no model and no checkpoint yet", path);
    load_energy_of_checkpoint(directory.checkpoint(), *run.energy);
  }
  run.energy->eval();
  return run;
}

}  // namespace ebm
