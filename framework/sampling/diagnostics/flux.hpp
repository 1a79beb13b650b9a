#pragma once

#include <torch/types.h>

#include <cstdint>

#include "dualebm/framework/problem/energy.hpp"
#include "dualebm/framework/sampling/proposal.hpp"

namespace ebm {

/// The flux of jumps: whether weighted particles are the model, as an independence proposal sees it.
///
/// For particles x_i of the model and y_i ~ q, with Metropolis' α_i = min(1, [p(y_i) q(x_i)] / [p(x_i)
/// q(y_i)]), as much of every function f flows in as out: Σ_i w_i α_i (f(y_i) - f(x_i)) is zero on the
/// average. The statistic is the mean, over random f(x) = cos(<ω, x> + b), of the square of this sum in units
/// of its standard error: 1 on the average where the particles are the model and independent; above 3 is an
/// alarm. It sees masses of modes, which Stein's identities do not, and is blind where q is.
/// @param positions [N, d] @param weights [N], sum one; undefined: equal @param functions  60 is enough
double jump_flux(Energy& energy, const Proposal& q, const torch::Tensor& positions,
                 const torch::Tensor& weights, Random& random, std::int64_t functions = 60);

}  // namespace ebm
