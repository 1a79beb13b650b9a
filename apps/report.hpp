#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/training_run.hpp"

namespace ebm {

/// The parts of the page, compiled into the program.
namespace page {
extern const char* const skeleton;
extern const char* const style;
extern const char* const script;
}  // namespace page

/// Mean, spread and median of one number over seeds.
struct Statistic {
  std::vector<double> values;
  double mean() const;
  std::optional<double> deviation() const;  ///< sample standard deviation; none for a single value
  double median() const;
};

/// Metrics of several seeds of one label at one place of a common axis.
struct TableRow {
  std::string label;
  std::size_t seeds = 0;    ///< runs in the statistics
  std::size_t planned = 0;  ///< runs there were; the others diverged, or did not get there
  std::vector<std::pair<std::string, Statistic>> columns;
};

struct Table {
  std::string title;
  std::vector<TableRow> rows;
};

/// What a report is about.
struct Report {
  std::string kind, summary;  ///< "train" or "compare"
  Json configuration, manifest;
  std::vector<TrainingRun> runs;
  Table table;
  std::vector<Table> more_tables;
  Json sweep = nullptr;
};

/// Values of the last record of every run whose `axis` ("iteration", "gradient_evaluations", "seconds") is
/// within the bound, gathered by label; without a bound the final ones.
Table table_at(const std::string& title, const std::vector<TrainingRun>& runs, const std::string& axis,
               std::optional<double> bound);

/// What it took each run until a metric first was at or below a value; runs that never were are not in the statistics.
Table table_to_target(const std::vector<TrainingRun>& runs, const std::string& metric, double value);

/// The largest value of an axis that every run has reached.
double common_reach(const std::vector<TrainingRun>& runs, const std::string& axis);

/// A table as text for a terminal, with units and, over several seeds, "median [least, greatest]".
std::string to_text(const Table& table);

Json to_json(const Table& table);

/// One self-contained page. @param problem  of the first run: what the globes show where the domain is S²
void write_report(const std::filesystem::path& path, const Report& report, const Problem& problem);

}  // namespace ebm
