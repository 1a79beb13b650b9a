#include <algorithm>
#include <cmath>
#include <limits>

#include "dualebm/apps/table.hpp"

/// Where trainings stand when they are compared at one place of an axis.
namespace ebm {

double on_axis(const Progress& progress, Axis axis) {
  if (axis == Axis::iteration) return static_cast<double>(progress.iteration);
  if (axis == Axis::gradient_evaluations) return static_cast<double>(progress.gradient_evaluations);
  return progress.seconds;
}

namespace {

/// Of a run whose evaluations are `records`, the last at or before the place and the first at or behind it.
std::pair<const Record*, const Record*> beside(const std::vector<Record>& records, Axis axis, double place) {
  const Record *before = nullptr, *behind = nullptr;
  for (const auto& record : records) {
    const double at = on_axis(record.progress, axis);
    if (at <= place * (1 + 1e-12)) before = &record;
    if (behind == nullptr && at >= place * (1 - 1e-12)) behind = &record;
  }
  return {before, behind};
}

/// To a hundredth, or to the nearest iteration.
bool is_near(const Progress& progress, Axis axis, double place) {
  const double at = on_axis(progress, axis);
  const double iteration = progress.iteration > 0 ? at / static_cast<double>(progress.iteration) : 0;
  return std::abs(at - place) <= std::max(0.01 * std::abs(place), 0.5001 * iteration);
}

double between(double a, double b, double share) { return a + share * (b - a); }

Record interpolated(const Record& a, const Record& b, Axis axis, double place,
                    const std::vector<MetricDescription>& metrics) {
  const double from = on_axis(a.progress, axis), to = on_axis(b.progress, axis);
  const double share = to > from ? (place - from) / (to - from) : 1;
  const auto count = [&](std::int64_t x, std::int64_t y) {
    return std::llround(between(static_cast<double>(x), static_cast<double>(y), share));
  };
  Record record;
  record.progress.iteration = count(a.progress.iteration, b.progress.iteration);
  record.progress.gradient_evaluations =
      count(a.progress.gradient_evaluations, b.progress.gradient_evaluations);
  record.progress.seconds = between(a.progress.seconds, b.progress.seconds, share);
  for (const auto& [name, member] : cost_kinds)
    record.progress.cost.*member = count(a.progress.cost.*member, b.progress.cost.*member);
  for (const auto& [name, value] : a.metrics) {
    const double* other = find_metric(b.metrics, name);
    if (other == nullptr) continue;
    const auto described = std::find_if(metrics.begin(), metrics.end(),
                                        [&, &wanted = name](const auto& m) { return m.name == wanted; });
    const bool logarithmic = described != metrics.end() && described->logarithmic && value > 0 && *other > 0;
    record.metrics.emplace_back(name, logarithmic
                                          ? std::exp(between(std::log(value), std::log(*other), share))
                                          : between(value, *other, share));
  }
  return record;
}

}  // namespace

std::optional<Record> record_at(const TrainingRun& run, Axis axis, std::optional<double> place) {
  if (!place) return run.last.metrics.empty() && !run.records.empty() ? run.records.back() : run.last;
  const auto [before, behind] = beside(run.records, axis, *place);
  if (before != nullptr && is_near(before->progress, axis, *place)) return *before;
  if (behind != nullptr && is_near(behind->progress, axis, *place)) return *behind;
  if (before == nullptr || behind == nullptr) return std::nullopt;
  return interpolated(*before, *behind, axis, *place, run.metrics);
}

double common_reach(const std::vector<TrainingRun>& runs, Axis axis) {
  double reach = std::numeric_limits<double>::infinity();
  for (const auto& run : runs) {
    if (run.energy) reach = std::min(reach, on_axis(run.records.back().progress, axis));
  }
  return reach;
}

bool is_evaluated_at(const std::vector<TrainingRun>& runs, Axis axis, double place) {
  return std::all_of(runs.begin(), runs.end(), [&](const TrainingRun& run) {
    if (!run.energy) return true;
    return std::any_of(run.records.begin(), run.records.end(),
                       [&](const Record& record) { return is_near(record.progress, axis, place); });
  });
}

}  // namespace ebm
