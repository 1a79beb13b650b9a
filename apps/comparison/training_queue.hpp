#pragma once

#include <cstddef>
#include <vector>

#include "dualebm/apps/command_line.hpp"
#include "dualebm/apps/comparison/comparison_folder.hpp"
#include "dualebm/apps/comparison/planned_run.hpp"

namespace ebm {

/// Numbers of the trainings of a plan that have not ended by what is planned.
std::vector<std::size_t> what_is_left(const ComparisonPlan& plan, const ComparisonFolder& folder);

/// Trains what is left: by one process, this one, in the order of the plan; or by several workers from
/// one queue, the longest first. The results are the same. Shows how far it all is. Nothing more is
/// begun once a signal has come.
/// @param budgets  gradient evaluations that the entries come to, see budgets_of
/// @param trust  see --trust-script
void train_what_is_left(const ComparisonPlan& plan, const ComparisonFolder& folder,
                        const ComparisonRequest& request, const CompareOptions& options,
                        CurrentProblem& problem, const std::vector<std::int64_t>& budgets, bool trust);

}  // namespace ebm
