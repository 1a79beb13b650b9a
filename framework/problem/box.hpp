#pragma once

#include "dualebm/framework/problem/domain.hpp"

namespace ebm {

/// The box [l_1, h_1] x ... x [l_d, h_d] in R^d; τ is the uniform probability measure.
///
/// What crosses a wall is reflected there, however often. For steps that are symmetric this is all that
/// detailed balance asks for; a chain that stops at the wall instead leaves an atom on it.
class Box final : public Domain {
 public:
  /// @param low, high  the walls, low < high @throws UserError if they are not as many or not in this order
  Box(std::vector<double> low, std::vector<double> high);
  static constexpr const char* kind = "box";  ///< the name, for messages and configurations
  std::string name() const override { return kind; }
  std::int64_t dimension() const override { return static_cast<std::int64_t>(low_.size()); }
  /// Between the walls, to a millionth of their distance.
  torch::Tensor contains(const torch::Tensor& x) const override;
  std::vector<Coordinate> coordinates() const override;
  bool has_volume_of_coordinates() const override { return true; }
  bool has_walls() const override { return true; }
  std::string base_measure() const override;
  bool has_probability_base() const override { return true; }
  torch::Tensor sample_base(std::int64_t count, Random& random,
                            const torch::TensorOptions& options) const override;
  torch::Tensor to_tangent(const torch::Tensor&, const torch::Tensor& v) const override { return v; }
  /// Reflected into the box: a triangle wave in each coordinate.
  torch::Tensor retract(const torch::Tensor& y) const override;
  void retract_rows(Rows rows) const override;
  /// Billiards: a velocity changes its sign at a wall.
  Flow geodesic(const torch::Tensor& x, const torch::Tensor& velocity,
                const torch::Tensor& time) const override;
  torch::Tensor velocity_variances(const torch::Tensor& variances) const override { return variances; }
  torch::Tensor laplacian(const torch::Tensor& x, const torch::Tensor& gradient,
                          const torch::Tensor& hessian) const override;
  /// Σ_i log(h_i - l_i)
  double log_area() const override;
  /// For d <= 2 the Gauss-Legendre rule with `resolution` nodes along each side: spectrally accurate for
  /// smooth functions, whatever they do at the walls.
  std::optional<Quadrature> quadrature(std::int64_t resolution) const override;

  const torch::Tensor& low() const { return low_tensor_; }    ///< [d], double
  const torch::Tensor& high() const { return high_tensor_; }  ///< [d], double

 private:
  std::vector<double> low_, high_;
  torch::Tensor low_tensor_, high_tensor_;
};

}  // namespace ebm
