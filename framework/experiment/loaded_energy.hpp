#pragma once

#include <string>
#include <vector>

#include "dualebm/framework/experiment/making.hpp"
#include "dualebm/framework/problem/transform.hpp"
#include "dualebm/framework/storage/run_directory.hpp"

namespace ebm {

/// The energy of a run, with what it takes to use it but not the data it was trained on.
struct LoadedEnergy {
  Experiment experiment;                 ///< as the run resolved it
  std::shared_ptr<const Domain> domain;  ///< where its points live
  std::shared_ptr<Energy> energy;        ///< on the device asked for, in evaluation mode
  /// From points as they came to those of the energy, as fitted in the run; in double on the CPU.
  std::shared_ptr<TransformChain> transform = std::make_shared<TransformChain>();
  /// Of the file it was trained on, in the order of coordinates, as the manifest has them; empty
  /// where they have no names.
  std::vector<std::string> columns = {};
};

/// The config.json of a run with overrides "section.key=value" applied; see load_configuration.
Json load_configuration_of(const RunDirectory& run, const std::vector<std::string>& overrides = {});

/// The experiment of a run. @param configuration  its config.json, perhaps with overrides
/// @throws UserError; if the run was trained with plugins, the message names them.
Experiment read_experiment_of(const RunDirectory& run, const Json& configuration, const Catalogue& catalogue);

/// Refuses data that are not those a run was trained on: numbers of a model on them would be nobody's.
/// @throws UserError saying what the run was trained on and what there is now
void require_same_data(const RunDirectory& run, const Problem& problem);

/// From model.ebm, or from the checkpoint of a run that has not finished.
/// @param path  a run directory @throws UserError if it is none, or holds neither.
LoadedEnergy load_energy_of(const std::string& path, torch::Device device, const Catalogue& catalogue);

}  // namespace ebm
