#pragma once

#include "dualebm/framework/compute/state.hpp"
#include "dualebm/framework/training/trainer.hpp"

namespace ebm {

// The state of a training whose particles are spread over ranks: each rank has its own, a checkpoint has all.
// Nothing to do for one rank.

/// The particles of all ranks in place of those of this one, at rank 0.
void gather_particles(State& state, const Trainer& trainer);

/// The particles of this rank in place of all.
State with_own_particles(const State& whole, const Trainer& trainer);

/// That every rank has the same parameters still, which the sums of another kind of processor would end.
/// @throws UserError, on all ranks the same
void require_same_parameters(const Trainer& trainer);

}  // namespace ebm
