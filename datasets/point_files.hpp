#pragma once

#include "dualebm/datasets/split.hpp"
#include "dualebm/framework/problem/dataset.hpp"

namespace ebm {

/// Options of the datasets that are files of points.
struct PointFileOptions : SplitOptions {
  std::string path;  ///< of the file
  void describe(Fields& fields);
};

/// Points on the globe, from latitude and longitude (points.hpp: read_lat_lon).
struct LatLonCsv final : Dataset {
  using Options = PointFileOptions;
  /// @throws UserError naming file and line of a row that is no place on the globe.
  LatLonCsv(const DatasetContext& context, const Options& options);
};

/// Points of the domain, from their ambient coordinates (points.hpp: read_coordinates).
struct PointsCsv final : Dataset {
  using Options = PointFileOptions;
  /// @throws UserError naming file and line of a row that is no point of the domain.
  PointsCsv(const DatasetContext& context, const Options& options);
};

}  // namespace ebm
