#pragma once

#include "dualebm/framework/experiment/catalogue.hpp"

namespace ebm {

/// Registers every energy of this room.
void add_energies(Catalogue& catalogue);

}  // namespace ebm
