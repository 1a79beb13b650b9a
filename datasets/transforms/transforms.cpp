#include "dualebm/datasets/transforms/transforms.hpp"

#include "dualebm/datasets/transforms/dequantise.hpp"
#include "dualebm/datasets/transforms/project_to_sphere.hpp"
#include "dualebm/datasets/transforms/standardise.hpp"
#include "dualebm/datasets/transforms/to_box.hpp"
#include "dualebm/datasets/transforms/undo_rounding.hpp"
#include "dualebm/datasets/transforms/whiten.hpp"

namespace ebm {

void add_transforms(Catalogue& catalogue) {
  auto& entries = catalogue.transforms;
  entries.add<Dequantise>("dequantise",
                          "whole numbers 0 ... levels - 1 to points of [0, 1): (x + u) / levels");
  entries.add<ProjectToSphere>("project_to_sphere", "x / |x|; for the domain sphere");
  entries.add<Standardise>(
      "standardise",
      "(x - mean) / deviation, coordinate by coordinate, of the training part; coordinates with "
      "walls or a period stay as they are");
  entries.add<ToBox>("to_box", "from ranges in units of the data to the walls of the domain");
  entries.add<UndoRounding>("undo_rounding",
                            "columns whose numbers repeat are spread over the cells of their grid");
  entries.add<Whiten>(
      "whiten", "the same along the principal axes of the training part: mean zero, covariance the identity");
}

}  // namespace ebm
