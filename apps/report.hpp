#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "dualebm/apps/table.hpp"
#include "dualebm/framework/experiment/training_run.hpp"

namespace ebm {

/// The page, compiled into the program and cut where the title and the data go. Made of apps/report/page.
namespace page {
extern const char* const before_title;
extern const char* const before_data;
extern const char* const after_data;
}  // namespace page

/// What a report is about.
struct Report {
  std::string kind, summary;  ///< "train", "compare" or "tune"
  Json configuration, manifest;
  std::vector<TrainingRun> runs;
  Table table;
  std::vector<Table> more_tables;
  Json sweep = nullptr;
  Json search = nullptr;  ///< the trials of a search, of which `runs` has the best
};

/// What is trained, on what, in a line.
std::string summary_of(const Experiment& experiment, const Problem& problem);

/// One self-contained page. @param problem  of the first run: what the globes show where the domain is S²
void write_report(const std::filesystem::path& path, const Report& report, const PreparedProblem& problem);

}  // namespace ebm
