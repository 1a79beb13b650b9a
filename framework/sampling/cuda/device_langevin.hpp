#pragma once

#include <torch/types.h>

#include <optional>

#include "dualebm/framework/compute/random.hpp"
#include "dualebm/framework/problem/domain.hpp"

namespace ebm::cuda {

/// One Langevin step Y = X - h g + s ξ, then the point of the domain; the noise is the next draw of `random`.
/// @param positions, gradient [N, d] @param antithetic the second half of the rows gets -ξ of the first
/// @return [N, d]; nothing where there is no kernel for it: on a domain other than the sphere and R^d, in a
/// build without a CUDA compiler, on another device, in another dtype. Nothing waits for the device.
std::optional<torch::Tensor> langevin_step(const torch::Tensor& positions, const torch::Tensor& gradient,
                                           double step, double noise, bool antithetic, const Domain& domain,
                                           Random& random);

}  // namespace ebm::cuda
