#pragma once

#include "dualebm/apps/standard_catalogue.hpp"

namespace ebm::testing {

/// Everything that comes with this library, by name.
inline const Catalogue& catalogue() {
  static const Catalogue standard = standard_catalogue();
  return standard;
}

}  // namespace ebm::testing
