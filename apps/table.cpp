#include "dualebm/apps/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

namespace ebm {
namespace {

constexpr Axis axes[] = {Axis::iteration, Axis::gradient_evaluations, Axis::seconds};

/// What a column of a table is called, for metrics and axes alike.
std::pair<std::string, std::string> label_and_unit(const Table& table, const std::string& name) {
  if (name == "seconds") return {"training time", "s"};
  if (name == "gradient_evaluations") return {"gradient evaluations", ""};
  if (name == "iteration") return {"iterations", ""};
  if (name == "point_gradients") return {"gradients in x", "points"};
  if (name == "parameter_gradients") return {"gradients in parameters", "points"};
  if (name == "double_gradients") return {"double backward", "points"};
  if (name == "energies") return {"energies alone", "points"};
  const auto& metric = find_description(table.metrics, name);
  return {metric.label, metric.unit};
}

std::vector<std::string> labels_of(const std::vector<TrainingRun>& runs) {
  std::vector<std::string> labels;
  for (const auto& run : runs) {
    if (std::find(labels.begin(), labels.end(), run.label) == labels.end()) labels.push_back(run.label);
  }
  return labels;
}

Json statistic_json(const Statistic& statistic) {
  const auto deviation = statistic.deviation();
  const auto error = statistic.median_error();
  return {{"mean", statistic.mean()},
          {"error", error ? Json(*error) : Json(nullptr)},
          {"std", deviation ? Json(*deviation) : Json(nullptr)},
          {"median", statistic.median()},
          {"values", statistic.values}};
}

}  // namespace

std::vector<MetricDescription> metrics_of(const std::vector<TrainingRun>& runs) {
  std::set<std::string> present;
  for (const auto& run : runs) {
    for (const auto& record : run.records) {
      for (const auto& [name, value] : record.metrics) present.insert(name);
    }
  }
  std::vector<MetricDescription> result;
  for (const auto& run : runs) {
    for (const auto& entry : run.metrics) {
      if (present.erase(entry.name) > 0) result.push_back(entry);
    }
  }
  return result;
}

std::string to_string(Axis axis) {
  switch (axis) {
    case Axis::iteration:
      return "iteration";
    case Axis::gradient_evaluations:
      return "gradient_evaluations";
    default:
      return "seconds";
  }
}

double Statistic::mean() const {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::optional<double> Statistic::deviation() const {
  if (values.size() < 2) return std::nullopt;
  double sum = 0;
  for (const double value : values) sum += (value - mean()) * (value - mean());
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

namespace {

double median_of(std::vector<double> sorted) {
  std::sort(sorted.begin(), sorted.end());
  const auto middle = sorted.size() / 2;
  return sorted.size() % 2 ? sorted[middle] : 0.5 * (sorted[middle - 1] + sorted[middle]);
}

}  // namespace

double Statistic::median() const { return median_of(values); }

std::optional<double> Statistic::median_error() const {
  if (errors.empty() || errors.size() != values.size()) return std::nullopt;
  return median_of(errors);
}

std::optional<double> error_of(const MetricValues& metrics, const std::string& name) {
  const double* sampling = find_metric(metrics, name + "_standard_error");
  const bool integral = name == "log_z" || name == "kl" || name.starts_with("nll_");
  const double* quadrature = integral ? find_metric(metrics, "quadrature_error") : nullptr;
  if (sampling == nullptr && quadrature == nullptr) return std::nullopt;
  return std::hypot(sampling != nullptr ? *sampling : 0, quadrature != nullptr ? *quadrature : 0);
}

namespace {

/// One row a label; `choose` finds the record that stands for a run, or none.
template <class Choose>
Table gather(const std::string& title, const std::vector<TrainingRun>& runs,
             const std::vector<std::string>& names, Choose choose) {
  Table table{.title = title, .rows = {}, .metrics = metrics_of(runs)};
  for (const auto& label : labels_of(runs)) {
    TableRow row{.label = label};
    for (const auto& name : names) row.columns.push_back({name, {}});
    for (const auto axis : axes) row.columns.push_back({to_string(axis), {}});
    for (const auto& [name, member] : cost_kinds) row.columns.push_back({name, {}});
    for (const auto& run : runs) {
      if (run.label != label) continue;
      ++row.planned;
      const std::optional<Record> record = run.energy ? choose(run) : std::nullopt;
      if (!record) continue;
      ++row.seeds;
      for (auto& [name, statistic] : row.columns) {
        if (const double* value = find_metric(record->metrics, name)) {
          statistic.values.push_back(*value);
          if (const auto error = error_of(record->metrics, name)) statistic.errors.push_back(*error);
        }
        for (const auto& [kind, member] : cost_kinds) {
          if (name == kind && record->progress.cost.*member > 0)
            statistic.values.push_back(static_cast<double>(record->progress.cost.*member));
        }
        for (const auto axis : axes) {
          if (name == to_string(axis)) statistic.values.push_back(on_axis(record->progress, axis));
        }
      }
    }
    // A statistic over the seeds that happen to have a number would favour whoever lacks the bad ones.
    std::erase_if(row.columns, [&](const auto& column) {
      return column.second.values.empty() || column.second.values.size() < row.seeds;
    });
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace

Table table_at(const std::string& title, const std::vector<TrainingRun>& runs, Axis axis,
               std::optional<double> bound) {
  std::vector<std::string> names;
  for (const auto& entry : metrics_of(runs)) {
    // An error is watched in its own figure; as a column it would crowd out what it belongs to.
    if (entry.name == "quadrature_valid") continue;
    if (!entry.name.ends_with("_error") || entry.name == "score_error") names.push_back(entry.name);
  }
  return gather(title, runs, names, [&](const TrainingRun& run) { return record_at(run, axis, bound); });
}

Table table_to_target(const std::vector<TrainingRun>& runs, const std::string& metric, double value) {
  const auto first_within = [&](const TrainingRun& run) -> std::optional<Record> {
    for (const auto& record : run.records) {
      const double* found = find_metric(record.metrics, metric);
      if (found && *found <= value) return record;
    }
    return std::nullopt;
  };
  return gather(fmt::format("until {} <= {:g}", metric, value), runs, {}, first_within);
}

Json to_json(const Table& table) {
  Json columns = Json::array({{{"name", "label"}, {"label", "trainer"}, {"unit", ""}}});
  Json rows = Json::array();
  std::vector<std::string> seen;
  for (const auto& row : table.rows) {
    Json line = {{"label", row.label}, {"seeds", row.seeds}};
    for (const auto& [name, statistic] : row.columns) {
      line[name] = statistic_json(statistic);
      if (std::find(seen.begin(), seen.end(), name) != seen.end()) continue;
      seen.push_back(name);
      const auto [label, unit] = label_and_unit(table, name);
      columns.push_back({{"name", name}, {"label", label}, {"unit", unit}});
    }
    rows.push_back(std::move(line));
  }
  return {{"title", table.title}, {"columns", std::move(columns)}, {"rows", std::move(rows)}};
}

}  // namespace ebm
