#pragma once

#include <torch/types.h>

#include "dualebm/framework/sampling/hamiltonian.hpp"
#include "dualebm/framework/sampling/sampler.hpp"

namespace ebm {

/// What Mala, Hmc and Underdamped share: velocities, a trajectory by the leapfrog rule, Metropolis' decision.
/// They differ in the three numbers here.
struct HamiltonianKernel {
  std::int64_t steps = 1;  ///< leapfrog steps L of a trajectory
  double jitter = 0;       ///< each particle's step is ε (1 + jitter u), u uniform on [-1, 1)
  bool diagonal_metric =
      true;  ///< whether velocities have the variances of the coordinates on R^d, see DiagonalMetric

  /// One transition with fresh velocities. @param step_size  ε, [1], double
  Sampler::Info step(Energy& energy, const Domain& domain, Sampler::State& state, Random& random,
                     const torch::Tensor& step_size) const;

  /// One with velocities that persist: v <- c v + sqrt(1 - c²) ξ before it, v <- -v after a rejection.
  /// @param keep  c in [0, 1), [1], double
  Sampler::Info persistent_step(Energy& energy, const Domain& domain, Sampler::State& state, Random& random,
                                const torch::Tensor& step_size, const torch::Tensor& keep) const;

 private:
  Leapfrog leapfrog(const Domain& domain, Sampler::State& state, Random& random,
                    const torch::Tensor& step_size) const;

  /// The metric takes the positions after a step, where there is one.
  void learn(Sampler::State& state) const;

  /// From the state and velocities to the next state.
  /// @return the velocities after it, turned about where rejected
  torch::Tensor transition(Energy& energy, const Leapfrog& leapfrog, Sampler::State& state,
                           const torch::Tensor& velocities, Random& random, Sampler::Info& info) const;
};

}  // namespace ebm
