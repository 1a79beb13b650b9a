#pragma once

#include "dualebm/framework/experiment/catalogue.hpp"

namespace ebm {

/// Registers every transform of this room.
void add_transforms(Catalogue& catalogue);

}  // namespace ebm
