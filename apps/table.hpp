#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dualebm/framework/experiment/training_run.hpp"

namespace ebm {

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

/// What trainings are compared by.
enum class Axis { iteration, gradient_evaluations, seconds };

/// As in results files: "iteration", "gradient_evaluations", "seconds".
std::string to_string(Axis axis);

struct Table {
  std::string title;
  std::vector<TableRow> rows;
  std::vector<MetricDescription> metrics;  ///< what the columns mean
};

/// Descriptions of the metrics that occur in the runs, in the order of the list of metrics.
std::vector<MetricDescription> metrics_of(const std::vector<TrainingRun>& runs);

/// Values of the last record of every run whose place on the axis is within the bound, gathered by label; without
/// a bound the final ones.
Table table_at(const std::string& title, const std::vector<TrainingRun>& runs, Axis axis,
               std::optional<double> bound);

/// What it took each run until a metric first was at or below a value; runs that never were are not in the
/// statistics.
Table table_to_target(const std::vector<TrainingRun>& runs, const std::string& metric, double value);

/// The largest value of an axis that every run has reached.
double common_reach(const std::vector<TrainingRun>& runs, Axis axis);

/// A table as text for a terminal, with units and, over several seeds, "median [least, greatest]".
std::string to_text(const Table& table);

Json to_json(const Table& table);

}  // namespace ebm
