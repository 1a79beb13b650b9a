#pragma once

#include <torch/optim/optimizer.h>

#include "dualebm/framework/problem/energy.hpp"
#include "dualebm/framework/settings/registry.hpp"

namespace ebm {

/// What an optimizer may know when it is made.
struct OptimizerContext {
  Energy& energy;  ///< whose parameters it moves
};

/// Registers wasserstein_fisher_rao for shallow energies; adam, adamw, sgd and limited_memory_bfgs for any.
void add_optimizers(Registry<torch::optim::Optimizer, OptimizerContext>& optimizers);

/// What a training has to know of an optimizer besides how to step.
struct OptimizerTraits {
  /// Its step is a multiple of the gradient, so that a factor on the gradient is one on the step: no for
  /// Adam, which divides by the size of past gradients.
  bool proportional = false;
  /// A step is the same work on the device every time: no for Adam, which counts steps on the host.
  bool on_device = false;
};

/// Of the optimizers known here; one of your own counts as neither.
OptimizerTraits traits_of(const torch::optim::Optimizer& optimizer);

}  // namespace ebm
