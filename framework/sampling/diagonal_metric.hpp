#pragma once

#include <torch/types.h>

#include "dualebm/framework/sampling/sampler.hpp"

namespace ebm {

/// The variances of the coordinates [d], which velocities take in place of one, so that a step means the same
/// in every coordinate: the inverse of a diagonal mass matrix.
///
/// Estimated from all particles and from the path, with weights max(2 / (t + 2), 0.005) that forget the start
/// and follow an energy that is being trained; drawn towards 1e-3 where the particles are few (as Stan does
/// it), and never below a thousandth of their mean, so that a coordinate that has not moved yet may. On a
/// domain where coordinates belong together they are what Domain::velocity_variances makes of them.
class DiagonalMetric final {
 public:
  /// The variances as they are to be used now, making the memory from the particles where there is none: [d],
  /// of the dtype of the positions.
  static torch::Tensor variances(const Domain& domain, const Sampler::State& state, KernelMemory& memory);

  /// Takes the positions after a step, unless the state adapts no more.
  static void learn(const Sampler::State& state, KernelMemory& memory);
};

/// Numbers >= 0 no smaller than a thousandth of their mean; ones where all are zero or the mean is not
/// finite.
torch::Tensor never_nothing(const torch::Tensor& scales);

}  // namespace ebm
