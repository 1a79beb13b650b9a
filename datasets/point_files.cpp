#include "dualebm/datasets/point_files.hpp"

#include "dualebm/datasets/files/file_checks.hpp"
#include "dualebm/datasets/files/points.hpp"

namespace ebm {
namespace {

torch::Tensor lat_lon(const DatasetContext& context, const std::string& path) {
  require_path(path, "dataset.path", "points.csv");
  require(context.domain->name() == "sphere" && context.domain->dimension() == 3,
          "dataset.name: lat_lon_csv needs the domain sphere with dimension 3");
  return read_lat_lon(path);
}

torch::Tensor coordinates(const DatasetContext& context, const std::string& path) {
  require_path(path, "dataset.path", "points.csv");
  return read_coordinates(path, *context.domain);
}

}  // namespace

void PointFileOptions::describe(Fields& fields) {
  fields.text("path", path, "CSV file with a header line, packed by gzip or not");
  SplitOptions::describe(fields);
}

LatLonCsv::LatLonCsv(const DatasetContext& context, const Options& options)
    : Dataset(split_rows(lat_lon(context, checked(options, "lat_lon_csv").path), options, context.random)) {}

PointsCsv::PointsCsv(const DatasetContext& context, const Options& options)
    : Dataset(
          split_rows(coordinates(context, checked(options, "points_csv").path), options, context.random)) {}

}  // namespace ebm
