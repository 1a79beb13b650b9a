#pragma once

#include <torch/types.h>

#include "models/activation.hpp"

namespace ebm {

/// The arithmetic that all shallow energies share: sums of ridge features f(x) = Σ_j c_j σ(<x, z_j>).
/// The last two run on shards of rows and blocks that stay in cache, without a graph.
namespace ridge {

/// f(x), differentiable. @param x [N, d] @param z [m, d] @param c [m] @return [N]
torch::Tensor value(const torch::Tensor& x, const torch::Tensor& z, const torch::Tensor& c,
                    const Activation& sigma);

/// ∇f(x) = Σ_j c_j σ'(<x, z_j>) z_j. @return [N, d]
torch::Tensor gradient(const torch::Tensor& x, const torch::Tensor& z, const torch::Tensor& c,
                       const Activation& sigma);

/// Weighted sums over samples, from which the gradients of z and of c follow.
struct Moments {
  torch::Tensor direction;  ///< Σ_i weight_i σ'(<x_i, z_j>) x_i, [m, d]
  torch::Tensor feature;    ///< Σ_i weight_i σ(<x_i, z_j>), [m]
};

/// Bit-equal for every number of threads. @param weight [N]
Moments moments(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& z,
                const Activation& sigma);

}  // namespace ridge
}  // namespace ebm
