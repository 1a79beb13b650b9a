#pragma once

#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

#include <string>
#include <vector>

#include "dualebm/framework/problem/energy_context.hpp"
#include "dualebm/framework/settings/fields.hpp"
#include "dualebm/models/smooth_activation.hpp"

namespace ebm {

/// A convolutional network as an energy of images on R^d, d = channels · height · width:
///
///     E(x) = w · σ(conv_L(... σ(conv_1(x)))) + b + |x|² / (2 s²).
///
/// Rows are images channel by channel and line by line. Convolutions are 3×3 with a border of zeros; the
/// first keeps the size, every further one halves it (stride 2, rounded up). Parameters "features.0.weight",
/// ..., "head.weight", initialised as PyTorch does. There is no batch normalisation: the energy of one image
/// must not depend on the others.
class Convolutional final : public Energy {
 public:
  struct Options {
    std::vector<std::int64_t> image = {1, 28, 28};      ///< channels, height, width
    std::vector<std::int64_t> channels = {32, 64, 64};  ///< output channels of the convolutions
    std::string activation = "silu";                    ///< σ, see smooth_activation
    std::optional<double> confinement = 4.0;            ///< s, in units of x; none: no Gaussian term
    void describe(Fields& fields);
  };

  /// @throws UserError if the image does not have as many numbers as the domain has coordinates.
  Convolutional(const EnergyContext& context, const Options& options);

  torch::Tensor forward(const torch::Tensor& x) override;

 private:
  std::vector<std::int64_t> image_;
  SmoothActivation activation_;
  std::optional<double> confinement_;
  std::vector<torch::nn::Conv2d> features_;
  torch::nn::Linear head_ = nullptr;
};

}  // namespace ebm
