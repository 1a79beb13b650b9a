#pragma once

#include <torch/types.h>

#include <cstdint>

#include "dualebm/framework/compute/random.hpp"

namespace ebm {

/// log ∫ exp(κ <μ, x>) dτ(x) over the unit sphere of R^d with its uniform probability τ, in nats, by
/// Gauss's rule of 200 nodes on twelve widths of the peak of exp(κ cos θ) sin^{d-2} θ to either side:
/// relative error below 1e-10.
/// @param concentration  κ >= 0
double von_mises_fisher_log_mass(std::int64_t dimension, double concentration);

/// One draw for each mean from the density proportional to exp(κ <μ_i, x>), by rejection, which takes fewer
/// than two rounds a point on the average. Source: Wood 1994; Ulrich 1984.
/// @param means  μ, [N, d], on the sphere @return [N, d]
torch::Tensor von_mises_fisher_draws(const torch::Tensor& means, double concentration, Random& random);

}  // namespace ebm
