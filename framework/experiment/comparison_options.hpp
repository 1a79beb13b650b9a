#pragma once

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// One line of a comparison: the base configuration with some keys replaced.
struct ComparisonEntry {
  std::string label;            ///< for tables, and for the folder of its trainings
  Json set = Json::object();    ///< dotted path -> value
  std::optional<double> value;  ///< of the swept parameter
};

/// The section "compare".
struct ComparisonOptions {
  std::vector<std::int64_t> seeds = {0, 1, 2, 3, 4};  ///< each entry is trained once with each
  Json entries = Json::array();                       ///< {"label", "set"} each; empty: see `expanded`
  std::string sweep_parameter;                        ///< dotted path of a number; empty: no sweep
  std::vector<double> sweep_values;                   ///< that the parameter takes
  std::string target_metric;  ///< one more table: what it took to bring this metric ...
  double target_value = 0;    ///< ... down to this
  void describe(Fields& fields);

  /// The entries as given, or one for each value of the sweep, or one for each of the four trainers of the
  /// paper.
  /// @param base  the resolved configuration
  std::vector<ComparisonEntry> expanded(const Json& base) const;
};

}  // namespace ebm
