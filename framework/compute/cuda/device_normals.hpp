#pragma once

#include <torch/types.h>

#include <optional>

#include "dualebm/framework/compute/random.hpp"

namespace ebm::cuda {

/// Standard normals on a CUDA device: the next draw of `random`. Nothing where there is no kernel for it: in
/// a build without a CUDA compiler, on another device, in another dtype. The caller then goes by LibTorch's
/// own operators. Nothing waits for the device.
std::optional<torch::Tensor> normals(torch::IntArrayRef sizes, const torch::TensorOptions& options,
                                     Random& random);

/// Whether the kernels of this library know tensors of this device and type.
bool has_kernels(torch::Device device, torch::ScalarType type);

}  // namespace ebm::cuda
