#pragma once

#include "dualebm/framework/problem/transform.hpp"

namespace ebm {

/// y = x / |x|. The length is forgotten: the way back is the identity, and no density of x follows from one
/// of y.
class ProjectToSphere final : public Transform {
 public:
  struct Options {
    void describe(Fields&) {}
  };

  /// @throws UserError on any domain but the sphere
  ProjectToSphere(const TransformContext& context, const Options& options);

  torch::Tensor forward(const torch::Tensor& x) override { return x / x.norm(2, 1, /*keepdim=*/true); }
  /// @throws UserError naming the first row that has no direction: a zero vector, or one whose length
  /// overflows
  torch::Tensor prepare(const torch::Tensor& x, Random& random) override;
  torch::Tensor inverse(const torch::Tensor& y) override { return y; }
};

}  // namespace ebm
