#pragma once

#include <torch/types.h>

#include "dualebm/framework/compute/random.hpp"
#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/framework/problem/energy.hpp"

namespace ebm {

/// Exact samples of the Gibbs measure exp(-E) dτ / Z by rejection: x ~ τ is kept with probability
/// exp(bound - E(x)), where bound <= E everywhere is the energy's own `lower_bound`.
///
/// The expected number of proposals per sample is exp(-bound) / Z.
/// @param energy  in double precision @return [count, d], double
/// @throws UserError if τ is no probability, if the energy has no proven bound, if a proposal falls below it
/// (a wrong bound would bias the samples silently), or if fewer than one proposal in ten million is kept.
torch::Tensor sample_by_rejection(Energy& energy, const Domain& domain, std::int64_t count, Random& random);

}  // namespace ebm
