#pragma once

#include "dualebm/apps/comparison/comparison_folder.hpp"
#include "dualebm/apps/comparison/planned_run.hpp"
#include "dualebm/apps/table.hpp"

namespace ebm {

/// The tables of a comparison, from what its trainings have left in their folders so far.
struct ComparisonResults {
  std::vector<TrainingRun> runs;  ///< those that have ended, in the order of the plan
  std::size_t planned = 0;        ///< how many there will be
  Table final;
  std::vector<Table>
      at_budgets;  ///< at equal gradients, at equal time, and until the target where one is given
  Json sweep;      ///< for the page; null without one

  bool complete() const { return runs.size() == planned; }
};

/// Reads all trainings that have ended. @throws UserError if none has come to an end with an energy
ComparisonResults results_of(const ComparisonPlan& plan, const ComparisonFolder& folder,
                             CurrentProblem& problem, torch::Device device);

/// On standard output.
void print_tables(const ComparisonPlan& plan, const ComparisonResults& results);

/// "title: 4 entries × 5 seeds, energy shallow".
std::string summary_of(const ComparisonPlan& plan);

/// What ran, for the page and comparison.json.
Json manifest_of(const ComparisonRequest& request, const ComparisonResults& results);

/// report.html.
void write_page(const ComparisonPlan& plan, const ComparisonFolder& folder, const ComparisonResults& results,
                const Json& manifest, const PreparedProblem& first);

/// comparison.json.
void write_tables(const ComparisonPlan& plan, const ComparisonFolder& folder,
                  const ComparisonResults& results, const Json& manifest);

}  // namespace ebm
