#include "datasets/datasets.hpp"

#include "datasets/point_files.hpp"
#include "datasets/table_csv.hpp"
#include "datasets/teacher_student.hpp"

namespace ebm {

Registry<Dataset, DatasetContext>& datasets() {
  static auto registry = [] {
    Registry<Dataset, DatasetContext> entries("dataset");
    entries.add<TeacherStudent>("teacher_student", "exact samples of a known energy, by rejection");
    entries.add<LatLonCsv>("lat_lon_csv", "points on the globe: latitude and longitude in degrees");
    entries.add<PointsCsv>("points_csv", "points in ambient coordinates: columns x0 ... x{d-1}");
    entries.add<TableCsv>("table_csv", "any table of numbers: every column but the label is a coordinate");
    return entries;
  }();
  return registry;
}

}  // namespace ebm
