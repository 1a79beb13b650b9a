#pragma once

#include <vector>

#include "dualebm/framework/experiment/training_run.hpp"

namespace ebm {

/// Densities on the globe: the teacher with the data on it, then the first run of each label. Empty unless
/// the domain is S².
Json globes_json(const std::vector<TrainingRun>& runs, const PreparedProblem& prepared);

/// The same in the plane, beside the data. Empty unless the domain is R².
Json planes_json(const std::vector<TrainingRun>& runs, const PreparedProblem& prepared);

/// Data and particles as images, in the units of the data. Empty unless the rows are images.
Json galleries_json(const std::vector<TrainingRun>& runs, const PreparedProblem& prepared);

}  // namespace ebm
