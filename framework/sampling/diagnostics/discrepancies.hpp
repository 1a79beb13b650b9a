#pragma once

#include <torch/types.h>

#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/framework/problem/energy.hpp"

namespace ebm {

/// Kernel Stein discrepancy of weighted particles from exp(-E) on R^d, with the inverse multiquadric kernel
/// k(x, y) = (ℓ² + |x - y|²)^{-1/2}:
///
///     KSD² = Σ_ij w_i w_j [ s_i·s_j k + s_i·∇_y k + s_j·∇_x k + ∇_x·∇_y k ],     s = -∇E.
///
/// Needs no Z. Blind to the masses of modes that lie far apart. Takes N² operations, in pieces of the rows.
/// Source: Liu, Lee & Jordan 2016; Gorham & Mackey 2017, §4 for the kernel.
/// @param weights [N], sum one; undefined: equal @param length  ℓ > 0
/// @throws UserError on a domain that is not R^d
double kernel_stein_discrepancy(Energy& energy, const Domain& domain, const torch::Tensor& positions,
                                const torch::Tensor& weights, double length = 1);

/// Squared maximum mean discrepancy between two sets of points, without bias, so that it may be negative; the
/// kernel is the mean of Gaussians exp(-|x - y|² / 2 ℓ²) for ℓ = half, one and two times the median distance
/// of the points taken together. Source: Gretton et al. 2012, Lemma 6.
/// @param x [N, d]
/// @param y [M, d]
double squared_mean_discrepancy(const torch::Tensor& x, const torch::Tensor& y);

}  // namespace ebm
