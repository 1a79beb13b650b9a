#include "framework/energy.hpp"

#include <torch/csrc/autograd/autograd.h>

namespace ebm {

torch::Tensor Energy::gradient(const torch::Tensor& x) {
  const torch::AutoGradMode enable(true);
  const auto leaf = x.detach().requires_grad_(true);
  return torch::autograd::grad({forward(leaf).sum()}, {leaf})[0];
}

void Energy::accumulate_gradient(const torch::Tensor& x, const torch::Tensor& weight) {
  const torch::AutoGradMode enable(true);
  const auto objective = forward(x.detach()).dot(weight.detach());
  if (objective.requires_grad()) objective.backward();
}

}  // namespace ebm
