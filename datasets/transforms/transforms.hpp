#pragma once

#include <memory>

#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/framework/problem/transform.hpp"
#include "dualebm/framework/settings/registry.hpp"

namespace ebm {

/// What a transform may know when it is made: the domain of what it makes, and the type of what it learns.
struct TransformContext {
  std::shared_ptr<Domain> domain;
  torch::TensorOptions tensor_options;
};

/// Every transform by name; add your own with `transforms().add<...>`.
Registry<Transform, TransformContext>& transforms();

}  // namespace ebm
