#pragma once

#include <torch/types.h>

#include "dualebm/models/ridge/activation.hpp"

namespace ebm::ridge {

/// Which neurons count: those that raise h, those that lower it, or both.
enum class Side { above, below, both };

/// The supremum of a function on the sphere of neurons, between two numbers.
struct Supremum {
  double lower = 0;      ///< attained at `neuron`
  double upper = 0;      ///< never exceeded where `proven`; else the same as `lower`
  torch::Tensor neuron;  ///< z of unit length, [k], double
  bool proven = false;   ///< whether `upper` is a bound; else a local search has looked from many starts
};

/// sup over the unit sphere of s h(z), with
///
///     h(z) = Σ_i ω_i σ(<x_i, z>),   s = 1 above, -1 below, and |h| for both.
///
/// For k <= 4 by branch and bound. The sphere is cut into the projections of cells of the cube's
/// faces, which lie within ρ of their centre z_0; on such a cell, with g = Σ_i ω_i σ'(<x_i, z_0>) x_i
/// and its tangential part Pg,
///
///     h(z) - h(z_0) <= |Pg| ρ + |<g, z_0>| ρ²/2 + Σ_{ω_i > 0} ω_i r(<x_i, z_0>, |x_i| ρ),
///
/// where r(t, ε) bounds σ(u) - σ(t) - σ'(t)(u - t) for |u - t| <= ε, which is never negative, σ being convex:
/// max(0, ε - |t|) for ReLU, ε² or max(0, ε + t)² for its square, ε²/8 for softplus, whose σ'' is at most
/// 1/4; for -h the sum is over ω_i < 0. The slack falls with ρ² near a maximum, so that few cells are cut
/// there; they are cut, the largest bound first, until upper - lower <= tolerance, or as many terms have been
/// summed as a tenth of a second allows: then the bound is wider, and still a bound.
///
/// For k > 4 from a thousand directions, the best of which climb: a lower bound alone.
/// @param points [N, k] @param weights ω [N] @param starts [J, k] directions worth a look, or undefined
/// Same result for every number of threads.
Supremum supremum(const torch::Tensor& points, const torch::Tensor& weights, const Activation& activation,
                  Side side, double tolerance, const torch::Tensor& starts = {});

}  // namespace ebm::ridge
