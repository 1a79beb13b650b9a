#pragma once

#include <torch/types.h>

#include "dualebm/models/ridge/features.hpp"

/// Sums of ridge features off the CPU: by the kernels of cuda_sums.hpp where there are any for the size and
/// the dtype, else by LibTorch's matrix products over blocks of rows. Without a graph; nothing waits for the
/// device; the order of the sums depends on the sizes alone.
namespace ebm::ridge::on_device {

/// Σ_j c_j σ(<x_i, z_j>). @param x [N, d] @param z [m, d] @param c [m] @return [N]
torch::Tensor value(const torch::Tensor& x, const torch::Tensor& z, const torch::Tensor& c,
                    const Activation& sigma);

/// Σ_j c_j σ'(<x_i, z_j>) z_j. @return [N, d]
torch::Tensor gradient(const torch::Tensor& x, const torch::Tensor& z, const torch::Tensor& c,
                       const Activation& sigma);

/// Both in one pass. @return [N] and [N, d]
std::pair<torch::Tensor, torch::Tensor> value_and_gradient(const torch::Tensor& x, const torch::Tensor& z,
                                                           const torch::Tensor& c, const Activation& sigma);

/// See Moments. @param weight [N]
Moments moments(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& z,
                const Activation& sigma);

/// The same three by matrix products alone, on any device.
/// @param block  pre-activations that may be in memory at a time
namespace by_products {
constexpr std::int64_t block_numbers = std::int64_t{1} << 24;
torch::Tensor value(const torch::Tensor& x, const torch::Tensor& z, const torch::Tensor& c,
                    const Activation& sigma, std::int64_t block = block_numbers);
torch::Tensor gradient(const torch::Tensor& x, const torch::Tensor& z, const torch::Tensor& c,
                       const Activation& sigma, std::int64_t block = block_numbers);
Moments moments(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& z,
                const Activation& sigma, std::int64_t block = block_numbers);
}  // namespace by_products

}  // namespace ebm::ridge::on_device
