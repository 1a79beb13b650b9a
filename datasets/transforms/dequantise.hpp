#pragma once

#include "dualebm/framework/problem/transform.hpp"

namespace ebm {

/// y = (x + u) / L for whole numbers x in {0, ..., L - 1}: u uniform on [0, 1) for training, so that y has a
/// density on [0, 1)^d, and u = ½ elsewhere. The way back is floor(L y), clamped to 0 ... L - 1.
///
/// The negative log-likelihood of y bounds that of the whole numbers from above, up to d log L: Theis, van
/// den Oord, Bethge 2016, "A note on the evaluation of generative models", §3.1.
class Dequantise final : public Transform {
 public:
  struct Options {
    std::int64_t levels = 256;  ///< L
    void describe(Fields& fields);
  };

  /// @param options  say how many levels there are
  Dequantise(const TransformContext& context, const Options& options);

  torch::Tensor forward(const torch::Tensor& x) override { return (x + 0.5) / levels_; }
  /// @throws UserError naming the first row and number that is no whole number in 0 ... L - 1
  torch::Tensor prepare(const torch::Tensor& x, Random& random) override;
  torch::Tensor inverse(const torch::Tensor& y) override {
    return (y * levels_).floor().clamp(0, levels_ - 1);
  }
  /// -d log L
  double log_determinant() const override;

 private:
  double levels_;
  std::int64_t dimension_;
};

}  // namespace ebm
