#pragma once

#include <torch/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dualebm/framework/problem/energy.hpp"

namespace ebm {

/// The passes of a perceptron through a kernel fused over its layers, without a graph: float and double on
/// the CPU. Results are the same bits for every number of threads, and a row's energy and gradient for
/// every batch that it is in.
namespace perceptron {

/// E(x) = W_L h_{L-1} + b_L + |x|² / (2 s²), h_l = σ(W_l h_{l-1} + b_l), h_0 = x.
struct Parameters {
  std::vector<torch::Tensor> weights;  ///< W_l, [out, in], of all layers; the last is [1, in]
  std::vector<torch::Tensor> biases;   ///< b_l, [out]
  std::string activation;              ///< σ, see smooth_activation
  std::optional<double> confinement;   ///< s
};

/// Whether there is a kernel: at least one hidden layer, none wider than 128 neurons - beyond, matrix
/// products of the BLAS are as fast - and x [N, d] of the dtype of the parameters on the CPU.
bool has_kernel(const torch::Tensor& x, const Parameters& parameters);

/// Whether a graph or a trace follows what is done: they see operators of LibTorch alone.
bool is_followed(const torch::Tensor& x, const Parameters& parameters);

/// E(x). @pre has_kernel @param x [N, d] @return [N]
torch::Tensor value(const torch::Tensor& x, const Parameters& parameters);

/// E(x) and ∇_x E(x) in one pass. @pre has_kernel @return [N] and [N, d]
std::pair<torch::Tensor, torch::Tensor> value_and_gradient(const torch::Tensor& x,
                                                           const Parameters& parameters);

/// The same on rows in plain memory, see Energy::row_gradient. @pre has_kernel
RowGradient row_gradient(const torch::Tensor& like, const Parameters& parameters);

/// Σ_i weight_i ∇E(x_i) with respect to weights and biases. @pre has_kernel @param weight [N]
Parameters weighted_gradients(const torch::Tensor& x, const torch::Tensor& weight,
                              const Parameters& parameters);

}  // namespace perceptron
}  // namespace ebm
