#pragma once

#include <string>
#include <vector>

namespace ebm {

/// What a number in a results file means; `dualebm list`, the table and the page read this.
struct MetricDescription {
  std::string name;     ///< key in metrics.jsonl
  std::string label;    ///< for a reader
  std::string unit;     ///< with the base measure where the number depends on it
  std::string better;   ///< "lower", "higher" or "" where neither is
  bool logarithmic;     ///< plotted on a log axis
  std::string meaning;  ///< one line
};

/// Every metric there is, in the order of tables.
const std::vector<MetricDescription>& metrics();

/// The description of one metric. @throws UserError listing the known names.
const MetricDescription& metric(const std::string& name);

/// Values in the order of `metrics()`.
using MetricValues = std::vector<std::pair<std::string, double>>;

/// The value of one metric, if it is there.
const double* find_metric(const MetricValues& values, const std::string& name);

}  // namespace ebm
