#pragma once

#include <torch/types.h>

#include <memory>

#include "dualebm/framework/compute/random.hpp"
#include "dualebm/framework/problem/domain.hpp"

namespace ebm {

/// What a sampler may know when it is made.
struct SamplerContext {
  std::shared_ptr<const Domain> domain;  ///< of the particles
  /// The training points [n, d], of any dtype, which proposals are fitted to; undefined: there are none.
  torch::Tensor data;
  Random& random;  ///< chooses the points that a proposal is made of
};

}  // namespace ebm
