#pragma once

#include "dualebm/datasets/split.hpp"
#include "dualebm/framework/problem/dataset.hpp"

namespace ebm {

/// Options of the datasets that are files of points.
struct PointFileOptions : SplitOptions {
  std::string path;
  void describe(Fields& fields);
};

/// Points on the globe, from latitude and longitude (points.hpp: read_lat_lon).
struct LatLonCsv final : Dataset {
  using Options = PointFileOptions;
  LatLonCsv(const DatasetContext& context, const Options& options);
};

/// Points of the domain, from their ambient coordinates (points.hpp: read_coordinates).
struct PointsCsv final : Dataset {
  using Options = PointFileOptions;
  PointsCsv(const DatasetContext& context, const Options& options);
};

}  // namespace ebm
