#pragma once

#include <torch/optim/optimizer.h>

#include "dualebm/framework/problem/energy.hpp"
#include "dualebm/framework/settings/registry.hpp"

namespace ebm {

/// What an optimizer may know when it is made.
struct OptimizerContext {
  Energy& energy;  ///< whose parameters it moves
};

/// wasserstein_fisher_rao for shallow energies; adam, adamw and sgd for any.
Registry<torch::optim::Optimizer, OptimizerContext>& optimizers();

}  // namespace ebm
