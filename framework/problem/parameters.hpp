#pragma once

#include <torch/nn/module.h>

#include <string>
#include <vector>

namespace ebm {

/// A parameter, or a buffer, and the first of the names that it is registered by: "layers.0.weight".
struct NamedTensor {
  std::string name;      ///< with the names of the modules before it
  torch::Tensor tensor;  ///< the live one, no copy
};

/// The parameters of a module, each once, in the order of registration. Tied weights, one tensor under
/// several names, are one parameter here, as in PyTorch's `Module.parameters()`; LibTorch's lists them by
/// name, so that an optimizer would step and an average would move them once for each.
std::vector<NamedTensor> named_distinct_parameters(const torch::nn::Module& module);

/// The same without their names.
std::vector<torch::Tensor> distinct_parameters(const torch::nn::Module& module);

/// Takes a module to a device, and its floating-point parameters and buffers to a dtype. Indices, masks and
/// complex numbers keep their types, as in PyTorch; LibTorch's `to(dtype)` casts them all. Gradients go
/// along.
void move_to(torch::nn::Module& module, torch::Device device, torch::ScalarType dtype);

/// Dtype and device of a module: those of its first floating-point parameter, else buffer, else `otherwise`.
torch::TensorOptions tensor_options_of(const torch::nn::Module& module, torch::TensorOptions otherwise);

}  // namespace ebm
