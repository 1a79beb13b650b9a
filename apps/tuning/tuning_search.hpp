#pragma once

#include <vector>

#include "dualebm/apps/tuning/trial_outcome.hpp"
#include "dualebm/apps/tuning/tuning_folder.hpp"
#include "dualebm/apps/tuning/validation_problem.hpp"
#include "dualebm/framework/experiment/tuning_plan.hpp"

namespace ebm {

/// A trial where it has come to.
struct RankedTrial {
  std::size_t trial = 0;  ///< its number, from 0
  std::size_t rung = 0;   ///< the last one that it has been on
  TrialOutcome outcome;   ///< there
};

/// How a search stands, from what is known of its trials. Who goes on follows from that alone, so that a
/// search that was killed decides as one that was not.
class TuningSearch final {
 public:
  /// @param lower  whether less of the metric is better @param outcomes  those known
  TuningSearch(const TuningPlan& plan, bool lower, TrialOutcomes outcomes)
      : plan_(plan), lower_(lower), outcomes_(std::move(outcomes)) {}

  /// The trials on a rung: on the first all, then the best of the rung below that have a value; ties go to
  /// the trial that was drawn first. None as long as that rung has not ended.
  std::vector<std::size_t> contenders(std::size_t rung) const;

  /// Whether it is known what became of a trial on a rung.
  bool knows(std::size_t rung, std::size_t trial) const { return outcomes_.contains({rung, trial}); }
  void note(std::size_t rung, std::size_t trial, TrialOutcome outcome) {
    outcomes_[{rung, trial}] = std::move(outcome);
  }
  const TrialOutcomes& outcomes() const { return outcomes_; }

  /// Whether every rung has ended.
  bool complete() const;

  /// All trials that something is known of: those that cannot win last, the others by the rung that they have
  /// come to, and there by their value.
  std::vector<RankedTrial> ranking() const;

  /// The best of those that have a value on the last rung; none as long as the search is not complete, or if
  /// there is no such trial.
  std::optional<RankedTrial> winner() const;

 private:
  bool better(const TrialOutcome& one, const TrialOutcome& other) const;

  const TuningPlan& plan_;
  bool lower_;
  TrialOutcomes outcomes_;
};

/// Notes what has become, by their folders, of the trials of a rung that nothing is known of yet.
void gather(TuningSearch& search, const TuningPlan& plan, const TuningFolder& folder, std::size_t rung,
            CurrentProblem& problem, torch::Device device);

}  // namespace ebm
