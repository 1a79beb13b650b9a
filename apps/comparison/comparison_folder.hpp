#pragma once

#include <fmt/ranges.h>

#include <filesystem>
#include <string>
#include <vector>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/experiment/comparison_plan.hpp"
#include "dualebm/framework/experiment/ended_run.hpp"

namespace ebm {

/// What a comparison, or a search, was asked for: all that it takes to go on with it.
struct ComparisonRequest {
  std::string program = "compare";        ///< the subcommand: "compare" or "tune"
  Json configuration;                     ///< with overrides, before defaults are filled in
  std::string working_folder;             ///< that paths in it are relative to
  std::string command;                    ///< as typed
  std::string device = "cpu";             ///< of all trainings
  std::vector<std::string> plugins = {};  ///< absolute paths
  /// Where all trainings are evaluated besides, in gradient evaluations, so that they can be compared there.
  std::vector<std::int64_t> evaluate_at = {};
};

/// The folder of a comparison:
///
///     plan.json         what was asked for, see ComparisonRequest
///     comparison.json   the tables, once it has come to its end
///     report.html       the page
///     run.lock          held while a process is at work here
///     LABEL/seedN/      a run directory for each training
///
/// That of a search has another file in place of comparison.json, see TuningFolder.
class ComparisonFolder final {
 public:
  explicit ComparisonFolder(std::filesystem::path root) : root_(std::move(root)) {}

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path plan() const { return root_ / "plan.json"; }
  std::filesystem::path tables() const { return root_ / "comparison.json"; }
  std::filesystem::path report() const { return root_ / "report.html"; }
  std::filesystem::path of(const PlannedTraining& planned) const { return root_ / planned.folder(); }

  /// Whether there is anything of a comparison or a search.
  bool holds_one() const;

  /// @throws UserError if it cannot be written
  void write(const ComparisonRequest& request) const;
  /// @throws UserError if the folder is none of a comparison or a search, or its plan is damaged
  ComparisonRequest read() const;
  /// The same, for one subcommand. @throws UserError if another one has written it
  ComparisonRequest read_of(const std::string& program) const;

  /// Whether a training has ended by the configuration that is planned, so that nothing is left to do.
  bool is_done(const PlannedTraining& planned) const;

 private:
  std::filesystem::path root_;
};

/// Goes to the folder that paths in the configuration are relative to. @throws UserError if it is gone
void enter_working_folder(const ComparisonRequest& request);

/// The plan of a request. @param make  plan_comparison or plan_tuning
/// @throws UserError naming the entry, and the plugins that the request was begun with
template <class Plan>
Plan plan_of(const ComparisonRequest& request, const Catalogue& catalogue,
             Plan (*make)(const Json&, const Catalogue&)) {
  try {
    return make(request.configuration, catalogue);
  } catch (const UserError& error) {
    if (request.plugins.empty()) throw;
    fail("{} (begun with --plugin {})", error.what(), fmt::join(request.plugins, " --plugin "));
  }
}

}  // namespace ebm
