#pragma once

#include "dualebm/framework/experiment/catalogue.hpp"

namespace ebm {

/// Everything that comes with this library, by name.
Catalogue standard_catalogue();

}  // namespace ebm
