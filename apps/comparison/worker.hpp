#pragma once

#include <optional>

#include "dualebm/apps/comparison/comparison_folder.hpp"
#include "dualebm/apps/comparison/planned_run.hpp"
#include "dualebm/framework/experiment/training_run.hpp"

namespace ebm {

/// A process that trains for a comparison or a search: it reads the numbers of trainings of the plan from
/// standard input, a line each, and says on standard output how far one is and that it has ended (what
/// libraries that it loads write there goes to standard error):
///
///     progress NUMBER SHARE      at most ten times a second
///     ended NUMBER
///
/// It ends when standard input does, when a signal has come, or when the process that began it is gone.
/// @param problem  of the trainings @return the exit code
int work_for_queue(const ComparisonFolder& folder, const ComparisonRequest& request,
                   const std::vector<PlannedTraining>& trainings, CurrentProblem problem,
                   RunSettings settings);

/// Lines of that conversation.
struct WorkerMessage {
  bool ended = false;
  std::size_t number = 0;
  double share = 0;
};

/// @return nothing if the line is none of them
std::optional<WorkerMessage> worker_message_of(const std::string& line);

}  // namespace ebm
