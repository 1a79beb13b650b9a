#pragma once

#include "dualebm/framework/problem/transform.hpp"

namespace ebm {

/// y = W (x - μ) with mean μ and W = Λ^{-1/2} Uᵀ D^{-1} of the training part: its coordinates in units of
/// their deviations D, then along the principal axes U of their correlations, each divided by its deviation.
/// What comes out has mean zero and, up to the share below, the identity for its covariance.
///
/// Correlations are drawn towards none by Ledoit and Wolf's share, and by 1e-4 at least, so that a table
/// with few rows, or with columns that depend on one another, keeps an inverse. Signs: the largest
/// number of each axis is positive. Buffers "mean" μ [d], "matrix" W [d, d], "inverse" W^{-1} [d, d].
/// Source: Ledoit & Wolf 2004, §3.
class Whiten final : public Transform {
 public:
  struct Options {
    void describe(Fields&) {}
  };

  /// Learns nothing yet: see `fit`.
  Whiten(const TransformContext& context, const Options& options);

  /// @throws UserError if a number is not finite
  void fit(const torch::Tensor& train) override;
  torch::Tensor forward(const torch::Tensor& x) override { return (x - mean_).mm(matrix_.t()); }
  torch::Tensor inverse(const torch::Tensor& y) override { return y.mm(inverse_.t()) + mean_; }
  /// log |det W|
  double log_determinant() const override;

 private:
  torch::Tensor mean_, matrix_, inverse_;
};

}  // namespace ebm
