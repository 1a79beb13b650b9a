#pragma once

#include <string>
#include <vector>

#include "dualebm/framework/experiment/comparison_plan.hpp"
#include "dualebm/framework/experiment/parameter_range.hpp"

namespace ebm {

/// One configuration that a search tries.
struct TuningTrial {
  std::string label;  ///< "trial007", counted from 1
  Json set;           ///< path -> value, in the order of the ranges
  /// Whether a longer run of it begins like a shorter one, so that it goes on from its checkpoint: not where
  /// a schedule follows the share of the run that is done.
  bool goes_on = true;
};

/// A search: every trial on every rung, all read and checked before anything runs.
struct TuningPlan {
  Experiment base;  ///< the configuration as given
  std::vector<ParameterRange> ranges;
  std::vector<TuningTrial> trials;
  std::vector<TuningRung> rungs;
  /// Rung by rung, all trials in each, whether they will come so far or not. A trial that goes on has one
  /// folder for all rungs, another one for each.
  std::vector<PlannedTraining> trainings;

  /// Of a training in the list, both counted from 0.
  std::size_t number(std::size_t rung, std::size_t trial) const { return rung * trials.size() + trial; }
  /// On a rung.
  const PlannedTraining& training(std::size_t rung, std::size_t trial) const {
    return trainings[number(rung, trial)];
  }
};

/// Trial n is drawn by streams of its own, one for each range, named by the path: it is the same whatever
/// trials come after it and, unless it repeats an earlier one, whatever other ranges there are. A search with
/// more trials begins like one with fewer.
/// @throws UserError naming the range and the value that cannot be, or the trial
TuningPlan plan_tuning(const Json& configuration, const Catalogue& catalogue);

}  // namespace ebm
