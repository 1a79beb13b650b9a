#pragma once

#include "dualebm/framework/experiment/catalogue.hpp"

namespace ebm {

/// Registers every trainer of this room.
void add_trainers(Catalogue& catalogue);

}  // namespace ebm
