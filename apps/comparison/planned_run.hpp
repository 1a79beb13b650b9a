#pragma once

#include "dualebm/apps/comparison/comparison_folder.hpp"

namespace ebm {

/// The problem of the training at hand, which several in a row may share.
class CurrentProblem final {
 public:
  explicit CurrentProblem(torch::Device device) : device_(device) {}
  /// @throws UserError if its data cannot be had
  const PreparedProblem& of(const PlannedTraining& planned);

 private:
  torch::Device device_;
  std::string key_;
  PreparedProblem prepared_;
};

/// "dual_gda seed 3".
std::string title_of(const PlannedTraining& planned);

/// Trains one line of a plan in its folder, from its last checkpoint where there is one. What goes wrong is
/// said, and noted in the folder: the others go on. Nobody else is at work there (see RunLock).
void train_planned(const PlannedTraining& planned, CurrentProblem& problem, const ComparisonFolder& folder,
                   const RunSettings& settings, const std::vector<std::int64_t>& evaluate_at);

/// What one iteration of each entry costs in gradient evaluations, by doing one; 0 where it cannot be made or
/// its data are not those of the first, which is said when its turn comes. In the order of the entries.
std::vector<std::int64_t> costs_of_iterations(const ComparisonPlan& plan, CurrentProblem& problem,
                                              torch::Device device);

/// The gradient evaluations that each entry will come to, if nothing stops it; 0: not known.
std::vector<std::int64_t> budgets_of(const ComparisonPlan& plan, const std::vector<std::int64_t>& costs);

}  // namespace ebm
