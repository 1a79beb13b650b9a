#include "dualebm/datasets/datasets.hpp"

#include "dualebm/datasets/idx_images.hpp"
#include "dualebm/datasets/npy.hpp"
#include "dualebm/datasets/point_files.hpp"
#include "dualebm/datasets/table_csv.hpp"
#include "dualebm/datasets/teacher_student.hpp"
#include "dualebm/datasets/toys/toy.hpp"

namespace ebm {

void add_datasets(Catalogue& catalogue) {
  auto& entries = catalogue.datasets;
  entries.add<TeacherStudentOptions>("teacher_student", "exact samples of a known energy, by rejection",
                                     draw_from_teacher);
  entries.add<LatLonCsvOptions>("lat_lon_csv", "points on the globe: latitude and longitude in degrees",
                                read_lat_lon_csv);
  entries.add<PointsCsvOptions>("points_csv", "points in ambient coordinates: columns x0 ... x{d-1}",
                                read_points_csv);
  entries.add<TableCsvOptions>(
      "table_csv", "any table of numbers: every column but the label is a coordinate", read_table_csv);
  entries.add<NpyOptions>("npy", "rows or images of a NumPy .npy file, mapped into memory and not copied",
                          read_npy);
  entries.add<IdxImagesOptions>("idx", "grey images in the IDX format of MNIST, packed by gzip or not",
                                read_idx_images);
  entries.add<ToyOptions>("toy", "shapes in the plane with their exact densities", draw_toy);
}

}  // namespace ebm
