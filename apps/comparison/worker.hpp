#pragma once

#include "dualebm/apps/comparison/comparison_folder.hpp"
#include "dualebm/framework/experiment/training_run.hpp"

namespace ebm {

/// A process that trains for a comparison: it reads the numbers of trainings of the plan from standard input,
/// a line each, and says on standard output how far one is and that it has ended:
///
///     progress NUMBER SHARE      at most ten times a second
///     ended NUMBER
///
/// It ends when standard input does, when a signal has come, or when the process that began it is gone.
/// @return the exit code
int work_for_comparison(const ComparisonFolder& folder, const ComparisonRequest& request,
                        const ComparisonPlan& plan, RunSettings settings);

/// Lines of that conversation.
struct WorkerMessage {
  bool ended = false;
  std::size_t number = 0;
  double share = 0;
};

/// @throws UserError if it is none
WorkerMessage worker_message_of(const std::string& line);

}  // namespace ebm
