#pragma once

#include "dualebm/framework/compute/columns.hpp"
#include "dualebm/models/ridge/activation_kind.hpp"

namespace ebm::ridge {

/// σ(u) of the homogeneous activations.
template <class V, ActivationKind sigma>
EBM_INLINE typename V::Vector activated(typename V::Vector u) {
  const auto positive = V::positive_part(u);
  return sigma == ActivationKind::relu ? positive : positive * positive;
}

/// c σ'(u) of the homogeneous activations.
template <class V, ActivationKind sigma>
EBM_INLINE typename V::Vector weighted_slope(typename V::Vector u, typename V::Real c) {
  using Vector = typename V::Vector;
  return sigma == ActivationKind::relu ? (u <= Vector{} ? Vector{} : V::broadcast(c))
                                       : V::positive_part(u) * (2 * c);
}

}  // namespace ebm::ridge
