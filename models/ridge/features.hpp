#pragma once

#include <torch/types.h>

#include <utility>

#include "dualebm/framework/problem/energy.hpp"
#include "dualebm/models/ridge/activation.hpp"

namespace ebm {

/// The arithmetic that all shallow energies share: sums of ridge features f(x) = Σ_j c_j σ(<x, z_j>).
///
/// On the CPU, in single and double precision, the fused kernels of ridge_kernels.hpp do it on shards of
/// rows; elsewhere matrix products do, on blocks. Results are the same bits for every number of threads.
namespace ridge {

/// f(x), differentiable. @param x [N, d] @param z [m, d] @param c [m] @return [N]
/// @param lifts  f is that of (x, 1), with z [m, d + 1], here and in the gradients, which are in x still
torch::Tensor value(const torch::Tensor& x, const torch::Tensor& z, const torch::Tensor& c,
                    const Activation& sigma, bool lifts = false);

/// ∇f(x) = Σ_j c_j σ'(<x, z_j>) z_j, without a graph. @return [N, d]
torch::Tensor gradient(const torch::Tensor& x, const torch::Tensor& z, const torch::Tensor& c,
                       const Activation& sigma, bool lifts = false);

/// f(x) and ∇f(x) in one pass, without a graph. @return [N] and [N, d]
std::pair<torch::Tensor, torch::Tensor> value_and_gradient(const torch::Tensor& x, const torch::Tensor& z,
                                                           const torch::Tensor& c, const Activation& sigma,
                                                           bool lifts = false);

/// ∇f on rows in plain memory, see Energy::row_gradient; none where there is no kernel.
RowGradient row_gradient(const torch::Tensor& like, const torch::Tensor& z, const torch::Tensor& c,
                         const Activation& sigma, bool lifts = false);

/// Σ_i weight_i σ(<x_i, z_j>) over samples, without a graph. @param weight [N] @return [m]
torch::Tensor features(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& z,
                       const Activation& sigma);

/// Weighted sums over samples, from which the gradients of z and of c follow.
struct Moments {
  torch::Tensor direction;  ///< Σ_i weight_i σ'(<x_i, z_j>) x_i, [m, d]
  torch::Tensor feature;    ///< Σ_i weight_i σ(<x_i, z_j>), [m]
};

/// Without a graph. @param weight [N]
Moments moments(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& z,
                const Activation& sigma);

}  // namespace ridge
}  // namespace ebm
