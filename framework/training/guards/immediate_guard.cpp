#include "dualebm/framework/training/guards/immediate_guard.hpp"

#include <cmath>

namespace ebm {
namespace {

bool is_finite(const torch::Tensor& tensor) {
  return !tensor.defined() || std::isfinite(tensor.sum().item<double>());
}

}  // namespace

void ImmediateGuard::check_gradients(const Energy& energy, std::int64_t iteration,
                                     const std::string& likely_cause) {
  for (const auto& parameter : energy.named_parameters()) {
    if (!is_finite(parameter.value().grad()))
      throw_non_finite(iteration, true, parameter.key(), likely_cause);
  }
}

void ImmediateGuard::check_parameters(Energy& energy, std::int64_t iteration,
                                      const std::string& likely_cause) {
  for (const auto& parameter : energy.named_parameters()) {
    if (!is_finite(parameter.value())) throw_non_finite(iteration, false, parameter.key(), likely_cause);
  }
}

}  // namespace ebm
