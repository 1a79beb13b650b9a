#pragma once

#include <optional>

#include "dualebm/framework/sampling/hamiltonian.hpp"

namespace ebm {

/// A leapfrog step with Metropolis' decision, all in one pass over the rows while a few of them are in the
/// cache, by all threads: what `trajectory` and `decide` do with L = 1, in single and double precision on the
/// CPU, on R^d and on the sphere. E and ∇E of the proposals come from `Energy::row_gradient` in the same pass
/// where there is one. The same bits for every number of threads.
///
/// Metropolis' test is log u < log ratio with log u = -(a² + b²)/2 for two independent normals, which is the
/// logarithm of a uniform number and a function of its index alone.
/// @param leapfrog  with L = 1 and one ε for all particles
/// @param state  positions [N, d]; replaced, with E and ∇E at them
/// @return counts, with those of E and ∇E at the start where they were not known, acceptance,
/// divergences; none where the operators have to do it: another device or dtype, another domain, more
/// than one step, steps that differ
std::optional<Sampler::Info> row_transition(Energy& energy, const Leapfrog& leapfrog, Sampler::State& state,
                                            Random& random);

}  // namespace ebm
