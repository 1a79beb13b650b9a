#pragma once

#include "dualebm/datasets/split.hpp"
#include "dualebm/datasets/table_format.hpp"

namespace ebm {

/// Options of the datasets that are files of points.
struct PointFileOptions : SplitOptions, TableFormat {
  std::string path;  ///< a file of text, packed by gzip or not; a row is a point
  void describe(Fields& fields);
};

/// Points on the globe, from latitude and longitude in degrees (points.hpp: lat_lon_points).
struct LatLonCsv final : Dataset {
  struct Options : PointFileOptions {
    std::string latitude, longitude;  ///< columns; empty: by their usual names
    void describe(Fields& fields);
  };
  /// @throws UserError naming file, line and column of what is no latitude or longitude, and for an option out of
  /// its range
  LatLonCsv(const DatasetContext& context, const Options& options);
};

/// Points of the domain, from their ambient coordinates (points.hpp: coordinate_points).
struct PointsCsv final : Dataset {
  struct Options : PointFileOptions {
    std::vector<std::string> columns;  ///< empty: x0 ... x{d-1}
    void describe(Fields& fields);
  };
  /// @throws UserError naming file, line and column of what is no coordinate, if the number of columns is not the
  /// domain's, and for an option out of its range
  PointsCsv(const DatasetContext& context, const Options& options);
};

}  // namespace ebm
