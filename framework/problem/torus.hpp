#pragma once

#include "dualebm/framework/problem/domain.hpp"

namespace ebm {

/// The torus T^k of k angles; τ is the uniform probability measure.
///
/// Coordinates are the angles φ_i with periods P_i, in whatever unit: 360 for degrees, 2π, 24 for hours. The
/// ambient point is (cos 2πφ_1/P_1, sin 2πφ_1/P_1, cos ..., sin ...) in R^{2k}, circle i in the columns 2i
/// and 2i + 1. This is what makes energies periodic: any function of these numbers is, whoever wrote it, so
/// that a perceptron, a shallow network with its fused kernels or a file from Python needs no features of its
/// own, and no wrapper can be forgotten. Functions that are smooth on the torus are those that are smooth in
/// them, and the geodesics are those of circles, which are known. The price is twice as many numbers a point.
/// Distances and velocities are in radians.
class Torus final : public Domain {
 public:
  /// @param periods  P_i > 0, one for each angle
  /// @param low  the angles written in files lie in [low_i, low_i + P_i); empty: -P_i/2
  /// @throws UserError if there is no angle, a period is not positive, or `low` is of another length
  explicit Torus(std::vector<double> periods, std::vector<double> low = {});
  static constexpr const char* kind = "torus";  ///< the name, for messages and configurations
  std::string name() const override { return kind; }
  /// 2k
  std::int64_t dimension() const override { return 2 * angles(); }
  std::int64_t angles() const { return static_cast<std::int64_t>(periods_.size()); }  ///< k
  /// Every pair of length 1, to 1e-3.
  torch::Tensor contains(const torch::Tensor& x) const override;
  std::vector<Coordinate> coordinates() const override;
  bool has_own_coordinates() const override { return true; }
  bool has_volume_of_coordinates() const override { return true; }
  torch::Tensor points_at(const torch::Tensor& coordinates) const override;
  torch::Tensor coordinates_of(const torch::Tensor& x) const override;
  /// k circles
  std::vector<std::shared_ptr<const Domain>> factors() const override;
  std::string base_measure() const override;
  bool has_probability_base() const override { return true; }
  torch::Tensor sample_base(std::int64_t count, Random& random,
                            const torch::TensorOptions& options) const override;
  torch::Tensor to_tangent(const torch::Tensor& x, const torch::Tensor& v) const override;
  torch::Tensor retract(const torch::Tensor& y) const override;
  void retract_rows(Rows rows) const override;
  /// Every circle turns at its own speed.
  Flow geodesic(const torch::Tensor& x, const torch::Tensor& velocity,
                const torch::Tensor& time) const override;
  /// The two of a circle are one number, their sum: 1 - R² with the mean resultant length R.
  torch::Tensor velocity_variances(const torch::Tensor& variances) const override;
  /// Σ_i t_i·H t_i - x_i·∇_i f, t_i the unit tangent of circle i: second derivatives in radians.
  torch::Tensor laplacian(const torch::Tensor& x, const torch::Tensor& gradient,
                          const torch::Tensor& hessian) const override;
  /// Σ_i log P_i: densities per area are per unit of the angles.
  double log_area() const override;
  /// For k <= 2 equal steps, 2 `resolution` of them for each angle: spectrally accurate for smooth functions.
  std::optional<Quadrature> quadrature(std::int64_t resolution) const override;

 private:
  torch::Tensor pairs(const torch::Tensor& x) const { return x.reshape({-1, angles(), 2}); }

  std::vector<double> periods_, low_;
};

}  // namespace ebm
