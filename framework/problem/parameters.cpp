#include "dualebm/framework/problem/parameters.hpp"

#include <ATen/ATen.h>

#include <unordered_set>

namespace ebm {

std::vector<NamedTensor> named_distinct_parameters(const torch::nn::Module& module) {
  std::vector<NamedTensor> distinct;
  std::unordered_set<const void*> seen;
  for (const auto& item : module.named_parameters()) {
    const auto& tensor = item.value();
    if (tensor.defined() && seen.insert(tensor.unsafeGetTensorImpl()).second) {
      distinct.push_back({item.key(), tensor});
    }
  }
  return distinct;
}

std::vector<torch::Tensor> distinct_parameters(const torch::nn::Module& module) {
  std::vector<torch::Tensor> distinct;
  for (auto& parameter : named_distinct_parameters(module)) distinct.push_back(std::move(parameter.tensor));
  return distinct;
}

void move_to(torch::nn::Module& module, torch::Device device, torch::ScalarType dtype) {
  const torch::NoGradGuard no_grad;
  const auto cast = [&](torch::Tensor tensor) {
    if (!tensor.defined()) return;
    const auto type = tensor.is_floating_point() ? dtype : tensor.scalar_type();
    if (tensor.device() == device && tensor.scalar_type() == type) return;
    const auto gradient = tensor.grad();
    tensor.mutable_grad() = torch::Tensor();
    tensor.set_data(tensor.to(device, type));
    if (gradient.defined()) tensor.mutable_grad() = gradient.to(device, type);
  };
  for (const auto& parameter : module.parameters()) cast(parameter);
  for (const auto& buffer : module.buffers()) cast(buffer);
}

torch::TensorOptions tensor_options_of(const torch::nn::Module& module, torch::TensorOptions otherwise) {
  for (const auto& tensors : {module.parameters(), module.buffers()}) {
    for (const auto& tensor : tensors) {
      if (tensor.defined() && tensor.is_floating_point()) {
        return torch::TensorOptions(tensor.scalar_type()).device(tensor.device());
      }
    }
  }
  return otherwise;
}

}  // namespace ebm
