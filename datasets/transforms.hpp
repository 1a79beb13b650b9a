#pragma once

#include <memory>

#include "framework/domain.hpp"
#include "framework/registry.hpp"
#include "framework/transform.hpp"

namespace ebm {

/// What a transform may know when it is made: the domain of what it makes, and the type of what it learns.
struct TransformContext {
  std::shared_ptr<Domain> domain;
  torch::TensorOptions tensor_options;
};

/// Every transform by name; add your own with `transforms().add<...>`.
Registry<Transform, TransformContext>& transforms();

}  // namespace ebm
