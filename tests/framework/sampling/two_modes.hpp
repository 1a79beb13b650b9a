#pragma once

#include <ATen/ATen.h>

#include <cmath>

#include "dualebm/framework/problem/energy.hpp"

namespace ebm::testing {

/// p = 0.8 N(-6, 1/4) + 0.2 N(6, 1/4) in the first coordinate of R^d, N(0, 1/4) in the others, times
/// exp(shift): no gradient leads from mode to mode. log Z = shift with respect to Lebesgue measure.
class TwoModes final : public Energy {
 public:
  explicit TwoModes(std::int64_t d, double log_z = 0)
      : shift(register_parameter("shift", torch::full({}, log_z, torch::kDouble))), dimension_(d) {}
  torch::Tensor forward(const torch::Tensor& x) override {
    const auto first = x.select(1, 0);
    const auto left = std::log(0.8) - 2 * (first + 6).square(),
               right = std::log(0.2) - 2 * (first - 6).square();
    const double log_mass = 0.5 * static_cast<double>(dimension_) * std::log(2 * M_PI * 0.25);
    return log_mass - torch::logaddexp(left, right) + 2 * (x.square().sum(1) - first.square()) - shift;
  }
  torch::Tensor shift;

 private:
  std::int64_t dimension_;
};

}  // namespace ebm::testing
