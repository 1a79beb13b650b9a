#pragma once

#include <functional>

#include "dualebm/framework/problem/domain.hpp"

namespace ebm {

/// The product X_1 x ... x X_n of domains: a point is one of each, side by side, and τ the product of their
/// base measures. Angles and lengths, T^k x R^d; places and depths, S² x [0, 700].
///
/// Everything is done factor by factor; a geodesic of the product is one of every factor. `sample_base` of a
/// factor without a probability, as R^d, draws from its stated reference.
class ProductDomain final : public Domain {
 public:
  using Factors = std::vector<std::shared_ptr<const Domain>>;

  /// @throws UserError if there are none
  explicit ProductDomain(Factors factors);
  static constexpr const char* kind = "product";  ///< the name, for messages and configurations
  std::string name() const override { return kind; }
  std::int64_t dimension() const override { return dimension_; }
  torch::Tensor contains(const torch::Tensor& x) const override;
  bool is_flat() const override;
  std::vector<Coordinate> coordinates() const override;
  bool has_own_coordinates() const override;
  bool has_volume_of_coordinates() const override;
  torch::Tensor points_at(const torch::Tensor& coordinates) const override;
  torch::Tensor coordinates_of(const torch::Tensor& x) const override;
  bool has_walls() const override;
  Factors factors() const override { return factors_; }
  std::string base_measure() const override;
  bool has_probability_base() const override;
  torch::Tensor sample_base(std::int64_t count, Random& random,
                            const torch::TensorOptions& options) const override;
  torch::Tensor to_tangent(const torch::Tensor& x, const torch::Tensor& v) const override;
  torch::Tensor retract(const torch::Tensor& y) const override;
  Flow geodesic(const torch::Tensor& x, const torch::Tensor& velocity,
                const torch::Tensor& time) const override;
  torch::Tensor velocity_variances(const torch::Tensor& variances) const override;
  /// The sum over the factors.
  torch::Tensor laplacian(const torch::Tensor& x, const torch::Tensor& gradient,
                          const torch::Tensor& hessian) const override;
  /// The sum over the factors.
  double log_area() const override;
  /// The product of the factors' rules where these exist and there are at most two coordinates.
  std::optional<Quadrature> quadrature(std::int64_t resolution) const override;
  std::optional<Quadrature> rough_quadrature(std::int64_t resolution) const override;

 private:
  using Piece = std::function<torch::Tensor(const Domain& factor, std::int64_t first, std::int64_t size)>;
  /// What each factor makes of its ambient columns, side by side.
  torch::Tensor joined(const Piece& piece) const;
  bool all(bool (Domain::*question)() const) const;
  bool any(bool (Domain::*question)() const) const;
  std::optional<Quadrature> joined_rules(std::int64_t resolution,
                                         std::optional<Quadrature> (Domain::*rule)(std::int64_t) const) const;

  Factors factors_;
  std::int64_t dimension_ = 0;
};

/// The indivisible factors of a domain, in the order of their ambient coordinates; itself where it is one.
/// @param body  (const Domain& factor, std::int64_t first) with the first of its columns
void for_each_factor(const Domain& domain,
                     const std::function<void(const Domain& factor, std::int64_t first)>& body);

}  // namespace ebm
