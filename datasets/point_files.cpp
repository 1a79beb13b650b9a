#include "dualebm/datasets/point_files.hpp"

#include "dualebm/datasets/files/bytes.hpp"
#include "dualebm/datasets/files/file_checks.hpp"
#include "dualebm/datasets/files/points.hpp"
#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

CsvReader reader_of(const PointFileOptions& options) {
  require_path(options.path, "dataset.path", "points.csv");
  return {options.path, read_bytes(options.path), options};
}

Dataset lat_lon(const DatasetContext& context, const LatLonCsvOptions& options) {
  require(context.domain->picture() == Picture::globe,
          "dataset.name: lat_lon_csv needs the domain sphere with dimension 3");
  auto reader = reader_of(options);
  const auto choice = choose_lat_lon(reader, options.latitude, options.longitude);
  const auto table = read_numbers(reader, choice, {.missing = options.missing});
  auto parts = split_rows(lat_lon_points(table), {table.rows, table.rows_in_file}, options, context.random);
  parts.origin = table.summary;
  parts.columns = table.columns;
  return parts;
}

Dataset coordinates(const DatasetContext& context, const PointsCsvOptions& options) {
  auto reader = reader_of(options);
  const auto choice = options.columns.empty() ? choose_coordinates(reader, *context.domain)
                                              : choose_columns(reader, {.columns = options.columns});
  require_dimension("points_csv", options.path, static_cast<std::int64_t>(choice.numbers.size()),
                    *context.domain);
  auto table = read_numbers(reader, choice, {.missing = options.missing});
  const FileRows rows{table.rows, table.rows_in_file};
  const auto origin = table.summary;
  const auto columns = table.columns;
  auto parts =
      split_rows(coordinate_points(std::move(table), *context.domain), rows, options, context.random);
  parts.origin = origin;
  parts.columns = columns;
  return parts;
}

}  // namespace

void PointFileOptions::describe(Fields& fields) {
  fields.path("path", path, "file of text, a row a point: CSV or the like, packed by gzip or not");
  TableFormat::describe(fields);
  SplitOptions::describe(fields);
}

void LatLonCsvOptions::describe(Fields& fields) {
  PointFileOptions::describe(fields);
  fields.text("latitude", latitude,
              "column of latitudes in degrees; empty: lat, Latitude, decimalLatitude, ...");
  fields.text("longitude", longitude, "column of longitudes in degrees; empty: lon, long, Longitude, ...");
}

void PointsCsvOptions::describe(Fields& fields) {
  PointFileOptions::describe(fields);
  fields.texts("columns", columns, "the coordinates in their order; empty: x0, x1, ...");
}

Dataset read_lat_lon_csv(const DatasetContext& context, const LatLonCsvOptions& options) {
  return lat_lon(context, checked(options, "lat_lon_csv"));
}

Dataset read_points_csv(const DatasetContext& context, const PointsCsvOptions& options) {
  return coordinates(context, checked(options, "points_csv"));
}

}  // namespace ebm
