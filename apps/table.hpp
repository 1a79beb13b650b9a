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
  std::vector<double> errors =
      {};  ///< of the values, each a standard error with that of the quadrature; may be empty
  double mean() const;
  std::optional<double> deviation() const;  ///< sample standard deviation; none for a single value
  double median() const;
  std::optional<double> median_error() const;  ///< none where a value has none
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

/// What was computed, by kind, as columns of tables: in single points.
inline constexpr std::pair<const char*, std::int64_t Cost::*> cost_kinds[] = {
    {"point_gradients", &Cost::point_gradients},
    {"parameter_gradients", &Cost::parameter_gradients},
    {"double_gradients", &Cost::double_gradients},
    {"energies", &Cost::energies}};

/// How far a training is on an axis.
double on_axis(const Progress& progress, Axis axis);

/// A run at a place of the axis: the evaluation there, to a hundredth or the nearest iteration, or
/// what lies between the two beside it; none where it has not come so far. Without a place: the energy
/// that the run ended with.
std::optional<Record> record_at(const TrainingRun& run, Axis axis, std::optional<double> place);

/// As in results files: "iteration", "gradient_evaluations", "seconds".
std::string to_string(Axis axis);

struct Table {
  std::string title;
  std::vector<TableRow> rows;
  std::vector<MetricDescription> metrics;  ///< what the columns mean
};

/// Descriptions of the metrics that occur in the runs, in the order of the list of metrics.
std::vector<MetricDescription> metrics_of(const std::vector<TrainingRun>& runs);

/// Values of every run at one place of the axis, gathered by label: those of the evaluation there, or
/// else interpolated between the two beside it, linearly, and of the logarithms where the metric is drawn
/// on a log axis. Without a bound those of the energy that the run ended with, the best one where that is
/// kept. A metric that a seed of a label does not have, because its quadrature was not good enough, is
/// left out for that label.
Table table_at(const std::string& title, const std::vector<TrainingRun>& runs, Axis axis,
               std::optional<double> bound);

/// What it took each run until a metric first was at or below a value; runs that never were are not in the
/// statistics.
Table table_to_target(const std::vector<TrainingRun>& runs, const std::string& metric, double value);

/// The largest value of an axis that every run has reached.
double common_reach(const std::vector<TrainingRun>& runs, Axis axis);

/// Whether every run was evaluated at this place of the axis, to a hundredth or the nearest iteration, so
/// that nothing is interpolated.
bool is_evaluated_at(const std::vector<TrainingRun>& runs, Axis axis, double place);

/// The error of a metric of a record: its standard error and, where log Z is in it, that of the quadrature.
std::optional<double> error_of(const MetricValues& metrics, const std::string& name);

Json to_json(const Table& table);

}  // namespace ebm
