#include "dualebm/datasets/datasets.hpp"

#include "dualebm/datasets/idx_images.hpp"
#include "dualebm/datasets/npy.hpp"
#include "dualebm/datasets/point_files.hpp"
#include "dualebm/datasets/table_csv.hpp"
#include "dualebm/datasets/teacher_student.hpp"
#include "dualebm/datasets/toys/toy.hpp"
#include "dualebm/datasets/toys/toy_torus.hpp"

namespace ebm {

void add_datasets(Catalogue& catalogue) {
  auto& entries = catalogue.datasets;
  entries.add<TeacherStudent>("teacher_student", "exact samples of a known energy, by rejection");
  entries.add<LatLonCsv>("lat_lon_csv", "points on the globe: latitude and longitude in degrees");
  entries.add<PointsCsv>("points_csv", "points in ambient coordinates: columns x0 ... x{d-1}");
  entries.add<TableCsv>("table_csv", "any table of numbers: every column but the label is a coordinate");
  entries.add<Npy>("npy", "rows or images of a NumPy .npy file, mapped into memory and not copied");
  entries.add<IdxImages>("idx", "grey images in the IDX format of MNIST, packed by gzip or not");
  entries.add<Toy>("toy", "shapes in the plane with their exact densities");
  entries.add<ToyTorus>("toy_torus", "a mixture of von Mises densities on the torus, with its exact density");
}

}  // namespace ebm
