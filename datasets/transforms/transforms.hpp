#pragma once

#include <memory>

#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/framework/problem/transform.hpp"
#include "dualebm/framework/settings/registry.hpp"

namespace ebm {

/// What a transform may know when it is made: the domain of what it makes, and the type of what it learns.
struct TransformContext {
  std::shared_ptr<Domain> domain;       ///< of what the transform makes
  torch::TensorOptions tensor_options;  ///< dtype and device of what it learns
};

/// Every transform by name; add your own with `transforms().add<...>`.
Registry<Transform, TransformContext>& transforms();

}  // namespace ebm
