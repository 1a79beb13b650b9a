#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "dualebm/apps/table.hpp"
#include "dualebm/framework/experiment/training_run.hpp"

namespace ebm {

/// The parts of the page, compiled into the program.
namespace page {
extern const char* const skeleton;
extern const char* const style;
extern const char* const script;
}  // namespace page

/// What a report is about.
struct Report {
  std::string kind, summary;  ///< "train" or "compare"
  Json configuration, manifest;
  std::vector<TrainingRun> runs;
  Table table;
  std::vector<Table> more_tables;
  Json sweep = nullptr;
};

/// One self-contained page. @param problem  of the first run: what the globes show where the domain is S²
void write_report(const std::filesystem::path& path, const Report& report, const PreparedProblem& problem);

}  // namespace ebm
