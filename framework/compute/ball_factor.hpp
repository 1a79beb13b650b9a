#pragma once

#include <ATen/ATen.h>

namespace ebm {

/// min(1, radius / size), [] in double: the factor that takes what has norm `size` into the ball of this
/// radius. A tensor where `size` is, so that nobody has to wait for a number of the device. @param size [],
/// >= 0
inline at::Tensor ball_factor(const at::Tensor& size, double radius) {
  const auto exact = size.to(at::kDouble);
  return at::div(at::full_like(exact, radius), exact).clamp_max(1);
}

}  // namespace ebm
