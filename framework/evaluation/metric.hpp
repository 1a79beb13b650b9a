#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dualebm/framework/evaluation/evaluation.hpp"

namespace ebm {

/// What a number in a results file means; `dualebm list`, tables and the page read this.
struct MetricDescription {
  std::string name;     ///< key in metrics.jsonl
  std::string label;    ///< for a reader
  std::string unit;     ///< with the base measure where the number depends on it
  std::string better;   ///< "lower", "higher" or "" where neither is
  bool logarithmic;     ///< plotted on a log axis
  std::string meaning;  ///< one line
};

/// A number that says something about an energy on a problem. Your own overrides these two and is registered
/// in a catalogue, or handed to an Evaluator:
///
///     struct MeanLength final : ebm::Metric {
///       struct Options { void describe(ebm::Fields&) {} };
///       explicit MeanLength(const Options&) {}
///       ebm::MetricDescription description() const override {
///         return {"mean_length", "mean length", "of x", "", false, "of the test points"};
///       }
///       std::optional<double> value(const ebm::Evaluation& at) const override {
///         return at.problem().data().test.norm(2, 1).mean().item<double>();
///       }
///     };
class Metric {
 public:
  virtual ~Metric() = default;
  /// What its value means; asked once, when an Evaluator is made.
  virtual MetricDescription description() const = 0;
  /// Nothing where the metric does not apply.
  virtual std::optional<double> value(const Evaluation& at) const = 0;
};

/// What a metric may know when it is made.
struct MetricContext {};

/// Names and values, in the order of the metrics that gave them.
using MetricValues = std::vector<std::pair<std::string, double>>;

/// The value of one metric, if it is there.
const double* find_metric(const MetricValues& values, const std::string& name);

/// Whether numbers may be missing because the quadrature was not good enough this time.
bool is_left_out(const MetricValues& values);

}  // namespace ebm
