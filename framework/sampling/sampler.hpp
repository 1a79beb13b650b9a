#pragma once

#include <torch/types.h>

#include <cstdint>

#include "dualebm/framework/compute/random.hpp"
#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/framework/problem/energy.hpp"

namespace ebm {

/// A Markov chain for the Gibbs measure exp(-E) dτ / Z, run on many particles at once.
///
/// The state is the caller's: `init` makes one, `step` moves it. Randomness is an argument.
class Sampler {
 public:
  /// What a chain remembers between steps.
  struct State {
    torch::Tensor positions;  ///< [N, d], on the domain
    torch::Tensor spare;      ///< memory of the positions before, for those to come; undefined at first
  };

  /// What a step has to say about itself.
  struct Info {
    std::int64_t gradient_evaluations = 0;  ///< particles whose ∇_x E was computed
  };

  virtual ~Sampler() = default;

  /// A state at the given positions; they are copied.
  virtual State init(const torch::Tensor& positions) const { return {positions.clone()}; }

  /// One transition of every particle.
  /// @param scale  factor on the step size, for decay schedules.
  virtual Info step(Energy& energy, const Domain& domain, State& state, Random& random,
                    double scale) const = 0;
};

}  // namespace ebm
