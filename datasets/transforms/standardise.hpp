#pragma once

#include "dualebm/framework/problem/transform.hpp"

namespace ebm {

/// y_k = (x_k - μ_k) / σ_k with mean and standard deviation (over n) of each coordinate of the training part.
///
/// A coordinate that is one number throughout keeps its scale, σ_k = 1: nothing is lost, and the way back
/// exists; so does one whose range in the domain has ends, which a change of units would take elsewhere.
/// Buffers "mean" μ [d], "deviation" σ [d], d the number of coordinates.
class Standardise final : public Transform {
 public:
  struct Options {
    void describe(Fields&) {}
  };

  /// Learns nothing yet: see `fit`.
  /// @throws UserError on a domain all of whose coordinates have walls or a period
  Standardise(const TransformContext& context, const Options& options);

  /// Goes over the rows piece by piece in double, so that mapped data need no memory.
  /// @throws UserError if a mean or deviation is not finite
  void fit(const torch::Tensor& train) override;
  torch::Tensor forward(const torch::Tensor& x) override { return (x - mean_) / deviation_; }
  torch::Tensor inverse(const torch::Tensor& y) override { return y * deviation_ + mean_; }
  /// -Σ_k log σ_k
  double log_determinant() const override;

 private:
  torch::Tensor mean_, deviation_;
  torch::Tensor free_;  ///< [d], bool: coordinates of any size
};

}  // namespace ebm
