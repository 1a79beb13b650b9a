#pragma once

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// What a search may give one key of a configuration: the values of a list, each as likely as the others, or
/// a number between two, uniform on a linear or a logarithmic scale. An integer is drawn as the nearest one,
/// with both ends as likely as those between them.
struct ParameterRange {
  /// As a configuration has it.
  struct Options {
    std::optional<double> from, to;  ///< both ends are included
    std::string scale = "linear";    ///< or "log"
    Json values = nullptr;           ///< an array in place of from and to
    void describe(Fields& fields);
  };

  std::string path;          ///< dotted, of the key: "optimizer.learning_rate"
  double from = 0, to = 0;   ///< of a number; void where there are values
  bool logarithmic = false;  ///< whether the logarithm is uniform
  bool whole = false;        ///< whether the option is an integer
  std::vector<Json> values;  ///< of a list; empty: a number between `from` and `to`

  /// @throws UserError naming what is missing, void or reversed
  static ParameterRange read(const std::string& path, const Json& section);

  /// @param uniform  in [0, 1)
  Json draw(double uniform) const;

  /// What has to be a value of the key for the range to make sense: all values, or the two ends.
  std::vector<Json> extremes() const;

  /// How many different draws there are; none: a continuum.
  std::optional<double> count() const;
};

/// Of the section `tune.ranges`, in its order.
/// @throws UserError for what is no range, for keys that a search may not set, and for two that set the same
/// one
std::vector<ParameterRange> read_ranges(const Json& section);

}  // namespace ebm
