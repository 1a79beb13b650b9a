#include "dualebm/models/smooth_activation.hpp"

#include <ATen/ATen.h>

#include "dualebm/framework/base/error.hpp"

namespace ebm {

SmoothActivation smooth_activation(const std::string& name) {
  if (name == "softplus") return [](const torch::Tensor& u) { return at::softplus(u); };
  if (name == "silu") return [](const torch::Tensor& u) { return at::silu(u); };
  if (name == "tanh") return [](const torch::Tensor& u) { return u.tanh(); };
  if (name == "gelu") return [](const torch::Tensor& u) { return at::gelu(u); };
  fail("unknown activation \"{}\"; known: softplus, silu, tanh, gelu", name);
}

std::vector<std::string> smooth_activation_names() { return {"softplus", "silu", "tanh", "gelu"}; }

torch::Tensor confinement_energy(const torch::Tensor& x, double deviation) {
  return x.flatten(1).square().sum(1) / (2 * deviation * deviation);
}

}  // namespace ebm
