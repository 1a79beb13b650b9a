#pragma once

#include <memory>

#include "dualebm/framework/problem/energy_context.hpp"

namespace ebm::testing {

/// For an energy that draws nothing.
inline Random& no_draws() {
  static Random random(0, "nothing");
  return random;
}

/// What an energy on S^{d-1} is made from.
inline EnergyContext on_sphere(std::int64_t dimension, const torch::TensorOptions& options,
                               Random& random = no_draws()) {
  return {std::make_shared<Sphere>(dimension), options, random};
}

/// What an energy on R^d is made from.
inline EnergyContext on_euclidean(std::int64_t dimension, const torch::TensorOptions& options,
                                  Random& random = no_draws()) {
  return {std::make_shared<Euclidean>(dimension), options, random};
}

}  // namespace ebm::testing
