#pragma once

#include "dualebm/apps/comparison/comparison_folder.hpp"

namespace ebm {

/// The problem of the training at hand, which several in a row may share.
class CurrentProblem final {
 public:
  /// How a problem is made.
  using Maker = PreparedProblem (*)(const Experiment&, torch::Device);
  explicit CurrentProblem(torch::Device device, Maker make = make_problem) : device_(device), make_(make) {}
  /// @throws UserError if its data cannot be had
  const PreparedProblem& of(const PlannedTraining& planned);

 private:
  torch::Device device_;
  Maker make_;
  std::string key_;
  PreparedProblem prepared_;
};

/// "dual_gda seed 3".
std::string title_of(const PlannedTraining& planned);

/// Trains one line of a plan in its folder, from its last checkpoint where there is one. What goes wrong is
/// said, and noted in the folder: the others go on. Nobody else is at work there (see RunLock).
void train_planned(const PlannedTraining& planned, CurrentProblem& problem, const ComparisonFolder& folder,
                   const RunSettings& settings, const std::vector<std::int64_t>& evaluate_at);

/// Gradient evaluations of an entry's iterations. The first may have more to do: a kernel
/// with a memory makes it then.
struct IterationCosts {
  std::int64_t first = 0, each = 0;
};

/// Those of each entry, in their order, by doing two iterations; 0 where it cannot be made or its data are
/// not those of the first, which is said when its turn comes.
std::vector<IterationCosts> costs_of_iterations(const ComparisonPlan& plan, CurrentProblem& problem,
                                                torch::Device device);

/// The gradient evaluations that each entry will come to, if nothing stops it; 0: not known.
std::vector<std::int64_t> budgets_of(const ComparisonPlan& plan, const std::vector<IterationCosts>& costs);

}  // namespace ebm
