#pragma once

#include "dualebm/framework/problem/transform.hpp"

namespace ebm {

/// y_k = x_k + (u - ½) δ_k in the columns whose numbers repeat: points on a grid have no density, and points
/// spread over its cells have one, whose logarithm averaged over a cell bounds the logarithm of the cell's
/// probability over its size from below. u uniform on [0, 1) for training, ½ elsewhere.
///
/// A column is rounded if at most half of its values are distinct. If they lie on a grid, to a thousandth of
/// its spacing, δ is that spacing and the way back goes to the nearest point of it; else δ is the median
/// distance of neighbouring values, and the way back leaves a number as it is. Other columns are untouched.
/// Buffers "step" δ [d] (0: none), "grid" [d] (1: the way back rounds), "offset" [d]. Source: Theis, van den
/// Oord & Bethge 2016, §3.1.
class UndoRounding final : public Transform {
 public:
  struct Options {
    void describe(Fields&) {}
  };

  /// Learns nothing yet: see `fit`.
  UndoRounding(const TransformContext& context, const Options& options);

  void fit(const torch::Tensor& train) override;
  torch::Tensor forward(const torch::Tensor& x) override { return x; }
  torch::Tensor prepare(const torch::Tensor& x, Random& random) override;
  torch::Tensor inverse(const torch::Tensor& y) override;

 private:
  torch::Tensor step_, grid_, offset_;
};

}  // namespace ebm
