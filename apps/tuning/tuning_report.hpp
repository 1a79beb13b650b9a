#pragma once

#include "dualebm/apps/tuning/tuning_search.hpp"

namespace ebm {

/// What a search has to show.
struct TuningResults {
  std::vector<RankedTrial> ranking;
  bool complete = false;  ///< whether all rungs have been climbed
  std::optional<RankedTrial>
      winner;                       ///< of a complete search: none where no trial came to the end of its run
  std::optional<Measured> on_test;  ///< the winner's metric at the test points, looked at once, at the end
  MetricDescription metric;         ///< that decides
  TrialOutcomes outcomes;           ///< all that is known
};

/// @param test  whether the winner, if there is one, is measured on the test points
TuningResults results_of(const TuningSearch& search, const TuningPlan& plan, const TuningFolder& folder,
                         CurrentProblem& problem, torch::Device device, bool test);

/// "title: 20 trials of 3 ranges, halving: 20, 6, 2 trials to 111, 333, 1000 iterations".
std::string summary_of(const TuningPlan& plan);

/// Iterations of the runs of a rung; none where trials differ in it.
std::optional<std::int64_t> iterations_on(const TuningPlan& plan, std::size_t rung);

/// On standard output: a row for each trial, the best first; then the winner, which others are level with it,
/// and its value on the test points.
void print_trials(const TuningPlan& plan, const TuningResults& results);

/// The configuration of a trial on the last rung, for `dualebm train`. @param trust  see --trust-script
Json configuration_of(const TuningPlan& plan, const RankedTrial& winner, bool trust);

/// trials.json.
void write_trials(const TuningPlan& plan, const TuningFolder& folder, const TuningResults& results,
                  const Json& manifest);

/// What ran, for the page and trials.json.
Json manifest_of(const ComparisonRequest& request, const TuningResults& results, const TuningPlan& plan);

/// report.html: the search, then the training of the winner, or of the best so far.
void write_page(const TuningPlan& plan, const TuningFolder& folder, const TuningResults& results,
                const Json& manifest, CurrentProblem& problem, torch::Device device);

}  // namespace ebm
