#pragma once

#include <cstddef>
#include <vector>

#include "dualebm/apps/command_line.hpp"
#include "dualebm/apps/comparison/comparison_folder.hpp"
#include "dualebm/apps/comparison/planned_run.hpp"

namespace ebm {

/// Numbers of the trainings that have not ended by what is planned.
std::vector<std::size_t> what_is_left(const std::vector<PlannedTraining>& trainings,
                                      const ComparisonFolder& folder);

/// Trainings of a plan that wait for their turn.
struct TrainingQueue {
  const std::vector<PlannedTraining>& trainings;  ///< all of the plan
  std::vector<std::size_t> numbers;               ///< of those that are to be done, or are done already
  std::vector<double> work;       ///< what each of these comes to, in any one unit; 0: not known
  std::vector<std::size_t> left;  ///< of those to be trained
};

/// Trains what is left: by one process, this one, in its order; or by several workers from one
/// queue, the longest first. The results are the same. Shows how far it all is. Nothing more is
/// begun once a signal has come.
/// @param problem  of the trainings @param trust  see --trust-script
void train_queue(const TrainingQueue& queue, const ComparisonFolder& folder, const ComparisonRequest& request,
                 const QueueOptions& options, CurrentProblem& problem, bool trust);

}  // namespace ebm
