#pragma once

#include <torch/nn/modules/linear.h>

#include <string>
#include <vector>

#include "dualebm/framework/problem/energy_context.hpp"
#include "dualebm/framework/settings/fields.hpp"
#include "dualebm/models/perceptron/passes.hpp"
#include "dualebm/models/smooth_activation.hpp"

namespace ebm {

/// A multilayer perceptron as an energy, on any domain:
///
///     E(x) = W_L h_{L-1} + b_L + |x|² / (2 s²),   h_l = σ(W_l h_{l-1} + b_l),   h_0 = x.
///
/// With Fourier features h_0 = (x, cos Bx, sin Bx): each row of B [F, d] is a frequency in radians per unit
/// of x, at the start from N(0, σ² I) with the σ of a list in turn, so that some scales of the density are as
/// easy to learn as others; without them a perceptron learns the coarse ones first. On a torus x is made of
/// cosines and sines, and E is periodic with them as without. Source: Tancik et al. 2020, §5.
///
/// The Gaussian term (`confinement` s) makes the density integrable on R^d: the network itself grows at
/// most linearly. On a sphere it is a constant. Parameters "layers.0.weight" [out, in],
/// "layers.0.bias", ..., initialised as PyTorch initialises linear layers; B is "frequencies", a
/// buffer, or a parameter where it is learnt.
///
/// With spectral normalisation the weights of the hidden layers are divided by their largest singular value,
/// estimated by one power iteration after every update (Miyato et al. 2018); the last layer stays free, so
/// that the energy can be as steep as it must.
///
/// On the CPU, in single and double precision and with hidden layers of at most 128 neurons, energies without
/// a graph, gradients and gradients of parameters come from a kernel fused over the layers (`perceptron`),
/// for every activation without Fourier features; by autograd otherwise.
class Mlp final : public Energy {
 public:
  struct Options {
    std::vector<std::int64_t> hidden = {128, 128};  ///< widths of the hidden layers
    std::string activation = "silu";                ///< σ, see smooth_activation
    bool spectral_norm = false;                     ///< divide hidden weights by their spectral norm
    std::optional<double> confinement = 4.0;        ///< s, in units of x; none: no Gaussian term
    std::int64_t fourier_features = 0;              ///< F; 0: h_0 = x
    std::vector<double> fourier_scales = {1};       ///< σ of frequencies in turn, radians per unit of x
    bool learn_frequencies = false;                 ///< B is trained too
    void describe(Fields& fields);
  };

  /// @param context  its random stream draws the initial weights
  Mlp(const EnergyContext& context, const Options& options);

  torch::Tensor forward(const torch::Tensor& x) override;
  torch::Tensor gradient(const torch::Tensor& x) override;
  std::pair<torch::Tensor, torch::Tensor> value_and_gradient(const torch::Tensor& x) override;
  RowGradient row_gradient(const torch::Tensor& like) override;
  void accumulate_gradient(const torch::Tensor& x, const torch::Tensor& weight) override;

  /// One power iteration for the spectral norm of every hidden layer.
  void project_parameters() override;

 private:
  /// W_l, or W_l / (uᵀ W_l v) with the current estimates u, v of the leading singular vectors.
  torch::Tensor weight(std::size_t layer) const;
  perceptron::Parameters parameters_now() const;  ///< as `forward` uses them
  perceptron::Parameters registered() const;      ///< not divided by a spectral norm
  /// Whether there is a kernel that is fused over the layers.
  bool is_fused(const torch::Tensor& x) const;

  /// Draws B. @return the width of h_0
  std::int64_t add_features(const EnergyContext& context, const Options& options);

  std::string activation_name_;
  SmoothActivation activation_;
  std::optional<double> confinement_;
  torch::Tensor frequencies_;  ///< B; undefined without Fourier features
  std::vector<torch::nn::Linear> layers_;
  std::vector<torch::Tensor> left_, right_;  ///< u [out] and v [in] of each hidden layer; empty: no norm
};

}  // namespace ebm
