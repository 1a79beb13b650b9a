#pragma once

#include "dualebm/datasets/split.hpp"
#include "dualebm/datasets/table_format.hpp"

namespace ebm {

/// Options of the datasets that are files of points.
struct PointFileOptions : SplitOptions, TableFormat {
  std::string path;  ///< a file of text, packed by gzip or not; a row is a point
  void describe(Fields& fields);
};

/// What read_lat_lon_csv reads.
struct LatLonCsvOptions : PointFileOptions {
  std::string latitude, longitude;  ///< columns; empty: by their usual names
  void describe(Fields& fields);
};

/// Points on the globe, from latitude and longitude in degrees (points.hpp: lat_lon_points).
/// @throws UserError naming file, line and column of what is no latitude or longitude, and for
/// an option out of its range
Dataset read_lat_lon_csv(const DatasetContext& context, const LatLonCsvOptions& options);

/// What read_points_csv reads.
struct PointsCsvOptions : PointFileOptions {
  std::vector<std::string> columns;  ///< empty: x0 ... x{d-1}
  void describe(Fields& fields);
};

/// Points of the domain, from their ambient coordinates (points.hpp: coordinate_points).
/// @throws UserError naming file, line and column of what is no coordinate, if the number of columns is not
/// the domain's, and for an option out of its range
Dataset read_points_csv(const DatasetContext& context, const PointsCsvOptions& options);

}  // namespace ebm
