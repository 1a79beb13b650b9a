#include "datasets/datasets.hpp"

#include "datasets/points.hpp"
#include "datasets/split.hpp"
#include "datasets/teacher_student.hpp"

namespace ebm {
namespace {

/// Options of the datasets that are files of points.
struct FileOptions : SplitOptions {
  std::string path;
  void describe(Fields& fields) {
    fields.text("path", path, "CSV file with a header line");
    SplitOptions::describe(fields);
  }
};

std::shared_ptr<Dataset> split(const torch::Tensor& points, const FileOptions& options, Random& random) {
  return std::make_shared<Dataset>(split_rows(points, options, random));
}

void require_path(const FileOptions& options) {
  require(!options.path.empty(),
          "dataset.path: missing; give a CSV file, e.g. --set dataset.path=points.csv");
}

}  // namespace

Registry<Dataset, DatasetContext>& datasets() {
  static auto registry = [] {
    Registry<Dataset, DatasetContext> entries("dataset");
    entries.add<TeacherStudent>(
        "teacher_student", "exact samples of a known energy, by rejection",
        [](const TeacherStudent& options, const DatasetContext& context) {
          return std::make_shared<Dataset>(options.make(context.teacher, *context.domain, context.random));
        });
    entries.add<FileOptions>("lat_lon_csv", "points on the globe: latitude and longitude in degrees",
                             [](const FileOptions& options, const DatasetContext& context) {
                               require_path(options);
                               require(context.domain->name() == "sphere" && context.domain->dimension() == 3,
                                       "dataset.name: lat_lon_csv needs the domain sphere with dimension 3");
                               return split(read_lat_lon(options.path), options, context.random);
                             });
    entries.add<FileOptions>("points_csv", "points in ambient coordinates: columns x0 ... x{d-1}",
                             [](const FileOptions& options, const DatasetContext& context) {
                               require_path(options);
                               return split(read_coordinates(options.path, *context.domain), options,
                                            context.random);
                             });
    return entries;
  }();
  return registry;
}

}  // namespace ebm
