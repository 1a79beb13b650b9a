#pragma once

#include <torch/types.h>

namespace ebm {

/// Adds to `.grad` as autograd's backward would: makes it where it is undefined, skips frozen parameters.
inline void add_gradient(torch::Tensor& parameter, const torch::Tensor& gradient) {
  if (!parameter.requires_grad()) return;
  if (parameter.grad().defined()) {
    parameter.mutable_grad().add_(gradient);
  } else {
    parameter.mutable_grad() = gradient.clone();
  }
}

}  // namespace ebm
