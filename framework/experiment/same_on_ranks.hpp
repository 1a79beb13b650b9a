#pragma once

#include <string>

#include "dualebm/framework/compute/communicator.hpp"

namespace ebm {

/// Refuses ranks that would compute in other bits or something else: of another program, plugin, LibTorch or
/// instruction set, or of another configuration.
/// @param configuration  as resolved
/// @throws UserError, on all ranks the same
void require_same_work(Communicator& ranks, const std::string& configuration);

}  // namespace ebm
