#include "dualebm/apps/standard_catalogue.hpp"

#include "dualebm/datasets/datasets.hpp"
#include "dualebm/datasets/transforms/transforms.hpp"
#include "dualebm/models/models.hpp"
#include "dualebm/trainers/trainers.hpp"

namespace ebm {

Catalogue standard_catalogue() {
  Catalogue catalogue;
  add_framework(catalogue);
  add_energies(catalogue);
  add_trainers(catalogue);
  add_datasets(catalogue);
  add_transforms(catalogue);
  catalogue.energies.close();
  catalogue.domains.close();
  catalogue.transforms.close();
  return catalogue;
}

}  // namespace ebm
