#include "dualebm/framework/training/guards/immediate_guard.hpp"
#include "dualebm/framework/problem/parameters.hpp"

#include <cmath>

namespace ebm {
namespace {

bool is_finite(const torch::Tensor& tensor) {
  return !tensor.defined() || std::isfinite(tensor.sum().item<double>());
}

}  // namespace

void ImmediateGuard::check_gradients(const Energy& energy, std::int64_t iteration,
                                     const LikelyCause& likely_cause) {
  for (const auto& parameter : named_distinct_parameters(energy)) {
    if (!is_finite(parameter.tensor.grad())) throw_non_finite(iteration, true, parameter.name, likely_cause);
  }
}

void ImmediateGuard::check_parameters(Energy& energy, std::int64_t iteration,
                                      const LikelyCause& likely_cause) {
  for (const auto& parameter : named_distinct_parameters(energy)) {
    if (!is_finite(parameter.tensor)) throw_non_finite(iteration, false, parameter.name, likely_cause);
  }
}

}  // namespace ebm
