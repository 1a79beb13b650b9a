#pragma once

#include <filesystem>

#include "dualebm/apps/comparison/comparison_folder.hpp"

namespace ebm {

/// The folder of a search: that of a comparison, with these in place of comparison.json:
///
///     trials.json       what came of each trial on each rung, written anew whenever a rung has ended
///     best.json         the configuration of the winner, once the search has come to its end
///     trial007/seedN/   a run directory for each trial; trial007-rungK/seedN where each rung trains it anew
struct TuningFolder final {
  ComparisonFolder runs;  ///< plan.json, report.html, the runs

  explicit TuningFolder(const std::filesystem::path& root) : runs(root) {}
  std::filesystem::path trials() const { return runs.root() / "trials.json"; }
  std::filesystem::path best() const { return runs.root() / "best.json"; }
};

}  // namespace ebm
