#pragma once

#include <torch/nn/module.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dualebm/framework/compute/random.hpp"
#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// A change of coordinates y = T(x) from the data as they come to what an energy is trained on.
///
/// A module, so that what it has learnt is saved with a run and travels inside an exported energy. Every T
/// here stretches all of space by one factor, so that densities are compared by one number.
class Transform : public virtual torch::nn::Module {
 public:
  /// Learns from the training part alone. @param train [n, d]
  virtual void fit([[maybe_unused]] const torch::Tensor& train) {}

  /// T(x), without randomness, differentiable. @param x [N, d] @return [N, d]
  virtual torch::Tensor forward(const torch::Tensor& x) = 0;

  /// T for points that go into training, which may draw: dequantisation does. @param x [N, d]
  virtual torch::Tensor prepare(const torch::Tensor& x, Random& /*random*/) { return forward(x); }

  /// A raw point that T takes to y: the way back for samples. @param y [N, d] @return [N, d]
  virtual torch::Tensor inverse(const torch::Tensor& y) = 0;

  /// log |det ∂T/∂x| in nats: a density p of y is the density p(T(x)) exp(this) of x. Zero where T is no map
  /// between volumes, as a projection to the sphere.
  virtual double log_determinant() const { return 0; }
};

/// What a transform may know when it is made: the domain of what it makes, and the type of what it learns.
struct TransformContext {
  std::shared_ptr<const Domain> domain;  ///< of T(x)
  torch::TensorOptions tensor_options;   ///< of what it learns: dtype and device
};

/// From the coordinates that points are written in to the points of the domain: the last of the
/// transforms where a domain has coordinates of its own, so that files, samples and exported energies
/// have angles. It is no map between volumes of the same dimension: densities are with respect to the
/// domain's τ before and after.
class PointsOfCoordinates final : public Transform {
 public:
  explicit PointsOfCoordinates(std::shared_ptr<const Domain> domain) : domain_(std::move(domain)) {}
  torch::Tensor forward(const torch::Tensor& x) override { return domain_->points_at(x); }
  torch::Tensor inverse(const torch::Tensor& y) override { return domain_->coordinates_of(y); }

 private:
  std::shared_ptr<const Domain> domain_;
};

/// Transforms one after the other; none of them: the identity. Modules "0", "1", ...
class TransformChain final : public Transform {
 public:
  /// @param parts  the first is applied first
  explicit TransformChain(std::vector<std::shared_ptr<Transform>> parts = {});
  /// Fits each on what the ones before it make of the training part.
  void fit(const torch::Tensor& train) override;
  torch::Tensor forward(const torch::Tensor& x) override;
  torch::Tensor prepare(const torch::Tensor& x, Random& random) override;
  torch::Tensor inverse(const torch::Tensor& y) override;
  double log_determinant() const override;
  /// Whether it is the identity.
  bool empty() const { return parts_.empty(); }
  const std::vector<std::shared_ptr<Transform>>& parts() const { return parts_; }  ///< in their order

 private:
  std::vector<std::shared_ptr<Transform>> parts_;
};

}  // namespace ebm
