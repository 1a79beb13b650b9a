#pragma once

#include "dualebm/datasets/toys/toy_density.hpp"

namespace ebm {

/// Uniform on the eight dark squares of a board of 4 × 4 squares over [-4, 4]², plus logistic noise of scale
/// s in each coordinate, so that -log p is finite and smooth everywhere:
///
///     p(x) = (1/8) Σ_squares f(x_0 - a_0) f(x_1 - a_1),   f(t) = (σ(t/s) - σ((t - 2)/s)) / 2,
///
/// with a the lower left corner and σ the logistic function. With w = 2/s,
///
///     log(σ(z) - σ(z - w)) = log(1 - e^{-w}) + log σ(z) + log σ(w - z),
///
/// in which nothing cancels; a Gaussian's edges have no such form.
class ToyCheckerboard final : public ToyDensity {
 public:
  /// @param scale  s
  explicit ToyCheckerboard(double scale) : scale_(scale) {}
  torch::Tensor sample(std::int64_t count, Random& random) const override;
  Grid grid() const override;

 protected:
  torch::Tensor log_density(const torch::Tensor& x) const override;

 private:
  torch::Tensor log_edges(const torch::Tensor& coordinate) const;

  double scale_;
};

}  // namespace ebm
