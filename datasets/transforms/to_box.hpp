#pragma once

#include <vector>

#include "dualebm/framework/problem/transform.hpp"

namespace ebm {

/// y = l + (h - l) (x - a) / (b - a), coordinate by coordinate: from ranges [a, b] in the units of
/// the data to the walls [l, h] of the domain, so that energies see numbers of the same size.
/// Buffers "slope", "offset" [d].
class ToBox final : public Transform {
 public:
  struct Options {
    std::vector<double> low = {0};   ///< a, one for each coordinate or one for all
    std::vector<double> high = {1};  ///< b, likewise
    void describe(Fields& fields);
  };

  /// @throws UserError on a domain whose coordinates do not all end at walls, or if not low < high
  ToBox(const TransformContext& context, const Options& options);

  torch::Tensor forward(const torch::Tensor& x) override { return x * slope_ + offset_; }
  torch::Tensor inverse(const torch::Tensor& y) override { return (y - offset_) / slope_; }
  /// Σ_k log slope_k
  double log_determinant() const override;

 private:
  torch::Tensor slope_, offset_;
};

}  // namespace ebm
