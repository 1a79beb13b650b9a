#pragma once

#include <torch/optim/optimizer.h>

#include "dualebm/framework/compute/state.hpp"

namespace ebm {

/// What an optimizer remembers of past gradients, parameter by parameter in the order of its groups: for Adam,
/// AdamW, SGD, RMSprop, Adagrad, and any that remembers nothing.
/// @throws UserError for an optimizer whose memory is of a kind that is not known here
State state_of(const torch::optim::Optimizer& optimizer);

/// @throws UserError if the state is that of another optimizer or of other parameters
void restore(torch::optim::Optimizer& optimizer, const State& state);

}  // namespace ebm
