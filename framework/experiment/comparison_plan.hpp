#pragma once

#include <string>
#include <vector>

#include "dualebm/framework/experiment/experiment.hpp"

namespace ebm {

/// One training of a comparison.
struct PlannedTraining {
  ComparisonEntry entry;  ///< the line of the comparison it belongs to
  Experiment experiment;  ///< with the entry's keys and one seed

  /// Below the folder of the comparison: the label's folder, then "seedN".
  std::string folder() const;

  /// What two trainings must agree on to share their data and metrics.
  std::string problem_key() const;
};

/// Every entry with every seed, all read and checked before anything runs.
struct ComparisonPlan {
  Experiment base;                         ///< the configuration as given, no entry applied
  std::vector<ComparisonEntry> entries;    ///< in the order of tables
  std::vector<PlannedTraining> trainings;  ///< seed by seed, each in the order of the entries
};

/// @throws UserError naming the entry, or two that come to the same folder
ComparisonPlan plan_comparison(const Json& configuration, const Catalogue& catalogue);

/// A label as the name of a folder: letters, digits and a few marks, and never "." or "..". What is left out
/// is told apart by a short hash, so that two labels have two folders.
std::string folder_name(const std::string& label);

}  // namespace ebm
