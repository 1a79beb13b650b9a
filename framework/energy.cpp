#include "framework/energy.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

namespace ebm {

torch::Tensor Energy::gradient(const torch::Tensor& x) {
  const torch::AutoGradMode enable(true);
  const auto leaf = x.detach().requires_grad_(true);
  const auto total = forward(leaf).sum();
  if (!total.requires_grad()) return torch::zeros_like(x.detach());
  const auto slope =
      torch::autograd::grad({total}, {leaf}, {}, c10::nullopt, false, /*allow_unused=*/true)[0];
  return slope.defined() ? slope : torch::zeros_like(x.detach());
}

void Energy::accumulate_gradient(const torch::Tensor& x, const torch::Tensor& weight) {
  const torch::AutoGradMode enable(true);
  const auto objective = forward(x.detach()).dot(weight.detach());
  if (objective.requires_grad()) objective.backward();
}

}  // namespace ebm
