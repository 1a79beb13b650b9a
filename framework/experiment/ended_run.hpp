#pragma once

#include <optional>
#include <string>

#include "dualebm/framework/experiment/training_run.hpp"

namespace ebm {

/// What has become of the training in a folder, by its manifest.
struct RunStanding {
  bool begun = false;                        ///< whether there is a configuration to go on with
  std::optional<RunEnd> end = std::nullopt;  ///< none: it has not begun, is at work, or was killed
  std::string reason = {};                   ///< behind the word for its end

  /// Whether going on with the same configuration would change nothing.
  bool over() const { return end && *end != RunEnd::interrupted && *end != RunEnd::failed; }
};

/// @param folder  that may be empty or not there @throws UserError if the manifest is damaged
RunStanding standing_of(const std::filesystem::path& folder);

/// A run whose training has ended, as train_in gave it: records, model and particles are those of its last
/// checkpoint, and nothing in the folder changes. One that diverged or failed has the records of its
/// metrics.jsonl and no energy.
/// @param experiment  that it was trained by @param label  for tables
/// @throws UserError if it has not ended, or its checkpoint is damaged or of other data
TrainingRun load_run(const std::filesystem::path& folder, const Experiment& experiment,
                     const PreparedProblem& prepared, torch::Device device, const std::string& label);

}  // namespace ebm
