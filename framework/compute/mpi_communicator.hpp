#pragma once

#include <memory>

#include "dualebm/framework/compute/communicator.hpp"

namespace ebm {

/// The ranks of MPI_COMM_WORLD. MPI begins here and ends with the object. No verb waits longer than
/// `patience` for the others: it prints one line and ends all ranks.
/// @param launched  how many processes the launcher has started
/// @throws UserError if this program was built without MPI, or MPI sees another number of them
std::shared_ptr<Communicator> make_mpi_communicator(int launched);

}  // namespace ebm
