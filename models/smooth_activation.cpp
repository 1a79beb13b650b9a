#include "dualebm/models/smooth_activation.hpp"

#include <ATen/ATen.h>

#include "dualebm/framework/base/error.hpp"

namespace ebm {

SmoothActivationKind smooth_activation_kind(const std::string& name) {
  if (name == "softplus") return SmoothActivationKind::softplus;
  if (name == "silu") return SmoothActivationKind::silu;
  if (name == "tanh") return SmoothActivationKind::tanh;
  if (name == "gelu") return SmoothActivationKind::gelu;
  fail("unknown activation \"{}\"; known: softplus, silu, tanh, gelu", name);
}

SmoothActivation smooth_activation(const std::string& name) {
  switch (smooth_activation_kind(name)) {
    case SmoothActivationKind::softplus:
      // LibTorch's own threshold of 20 leaves an error of 2e-9 in double.
      return [](const torch::Tensor& u) { return at::softplus(u, 1, 40); };
    case SmoothActivationKind::silu:
      return [](const torch::Tensor& u) { return at::silu(u); };
    case SmoothActivationKind::tanh:
      return [](const torch::Tensor& u) { return u.tanh(); };
    case SmoothActivationKind::gelu:
      return [](const torch::Tensor& u) { return at::gelu(u); };
  }
  return {};
}

std::vector<std::string> smooth_activation_names() { return {"softplus", "silu", "tanh", "gelu"}; }

torch::Tensor confinement_energy(const torch::Tensor& x, double deviation) {
  return x.flatten(1).square().sum(1) / (2 * deviation * deviation);
}

}  // namespace ebm
