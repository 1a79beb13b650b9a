#pragma once

#include <torch/types.h>

#include <memory>

#include "dualebm/framework/compute/random.hpp"
#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/framework/problem/energy.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// What an energy may know when it is made.
struct EnergyContext {
  std::shared_ptr<const Domain> domain;  ///< of its points x
  torch::TensorOptions tensor_options;   ///< dtype and device of parameters
  Random& random;                        ///< initial parameters
  /// The training points, [n, d], after the transforms, for an energy that puts something where they are;
  /// undefined where a caller has none.
  torch::Tensor points = {};
  bool restored = false;  ///< a state is read into it next, so that what depends on points comes with that
};

}  // namespace ebm
