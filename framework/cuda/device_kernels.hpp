#pragma once

#include <torch/types.h>

#include <optional>

#include "framework/domain.hpp"
#include "framework/random.hpp"

namespace ebm::cuda {

/// What the kernels of this library make of tensors on a CUDA device. Each is nothing where there is no
/// kernel for it: in a build without a CUDA compiler, on another device, in another dtype. The caller then
/// goes by LibTorch's own operators. Nothing waits for the device.

/// One Langevin step Y = X - h g + s ξ, then the point of the domain; the noise is the next draw of `random`.
/// @param positions, gradient [N, d] @param antithetic the second half of the rows gets -ξ of the first
/// @return [N, d]; nothing on a domain other than the sphere and R^d
std::optional<torch::Tensor> langevin_step(const torch::Tensor& positions, const torch::Tensor& gradient,
                                           double step, double noise, bool antithetic, const Domain& domain,
                                           Random& random);

/// Standard normals: the next draw of `random`.
std::optional<torch::Tensor> normals(torch::IntArrayRef sizes, const torch::TensorOptions& options,
                                     Random& random);

}  // namespace ebm::cuda
