#pragma once

#include <torch/optim/optimizer.h>

#include "dualebm/framework/compute/state.hpp"

namespace ebm {

/// An optimizer that writes what it remembers itself: one of your own derives from this too, and its
/// trainings resume to the bit.
class OptimizerWithState {
 public:
  virtual ~OptimizerWithState() = default;
  /// Everything the next step depends on besides parameters and options.
  virtual void save(State& state) const = 0;
  /// What `save` wrote. @throws UserError, and changes nothing, if it is of other parameters
  virtual void load(const State& state) = 0;
};

/// What an optimizer remembers of past gradients, parameter by parameter in the order of its groups: for
/// Adam, AdamW, SGD, RMSprop, Adagrad, an OptimizerWithState, and any that remembers nothing.
/// @throws UserError for an optimizer whose memory is of a kind that is not known here
State state_of(const torch::optim::Optimizer& optimizer);

/// @throws UserError if the state is that of another optimizer or of other parameters
void restore(torch::optim::Optimizer& optimizer, const State& state);

}  // namespace ebm
