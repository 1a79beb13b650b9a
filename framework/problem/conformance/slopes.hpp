#pragma once

#include "dualebm/framework/problem/conformance.hpp"

namespace ebm::conformance {

// Compare what autograd says, and the gradients that an energy overrides, with central differences of its
// energies. For an energy that gives the same at every call.

/// @param points [N, d] of the domain
void check_slopes_in_x(Energy& energy, const Domain& domain, const torch::Tensor& points, Random& random,
                       Conformance& result);

/// @param points [N, d]; N is a multiple of 8
void check_slopes_in_parameters(Energy& energy, const torch::Tensor& points, Random& random,
                                Conformance& result);

}  // namespace ebm::conformance
