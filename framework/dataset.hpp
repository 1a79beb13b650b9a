#pragma once

#include <torch/types.h>

#include <memory>

#include "framework/energy.hpp"

namespace ebm {

/// Points on a domain, in three parts that share no row.
struct Dataset {
  torch::Tensor train;       ///< [n, d]
  torch::Tensor validation;  ///< [v, d]; undefined if there is none
  torch::Tensor test;        ///< [t, d]; undefined if there is none
  /// The energy whose Gibbs measure the points come from, in double, if it is known: what KL and score error
  /// compare with.
  std::shared_ptr<Energy> teacher;
};

}  // namespace ebm
