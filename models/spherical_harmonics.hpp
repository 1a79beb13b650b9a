#pragma once

#include <memory>

#include "dualebm/framework/problem/energy_context.hpp"
#include "dualebm/models/harmonics/harmonic_columns.hpp"

namespace ebm {

/// Real spherical harmonics on S² up to a degree, linear in their coefficients a, so that the
/// likelihood is concave in them:
///
///     E(x) = Σ_{l=1}^L s_l Σ_{m=-l}^l a_{l,m} Y_{l,m}(x), s_l = (l(l+1)/2)^{-t/2}, ∫
///     Y_{l,m} Y_{l',m'} dτ = δ δ,
///
/// τ uniform on S². The constant l = 0 is left out: log Z takes it up. Features as fine as π/L are within
/// reach: L = 64 is 4224 coefficients and 2.8°. The norm is
///
///     |E|² = Σ a²,   the squared length in the space with the kernel k(x, y) = Σ_l s_l² (2l+1) P_l(<x, y>),
///
/// for t = 0 that of L²(τ), for t = 1 ½ ∫ |∇E|² dτ, for t = 2 ¼ ∫ (ΔE)² dτ; a ridge penalty λ/2 |a|² (the
/// weight decay of an optimizer) is one on it, and so is the ball |E| <= β (F2). Values, gradients and sums
/// by HarmonicColumns, in double whatever the dtype; without it (on other devices, in exported files) by the
/// same recurrence in operators. At points off the sphere E is that polynomial, which is not homogeneous.
/// Parameter: "coefficients" a [L (L + 2)], Y_{l,m} at l² - 1 + l + m. Buffer: "orders" 0 ... L.
class SphericalHarmonics final : public Energy {
 public:
  struct Options {
    std::int64_t degree = 16;                       ///< L
    double smoothness = 2;                          ///< t
    std::optional<double> norm_cap = std::nullopt;  ///< β, in nats; none: no ball
    void describe(Fields& fields);
  };

  /// @throws UserError on another domain than the sphere of dimension 3
  SphericalHarmonics(const EnergyContext& context, const Options& options);

  torch::Tensor forward(const torch::Tensor& x) override;
  torch::Tensor gradient(const torch::Tensor& x) override;
  std::pair<torch::Tensor, torch::Tensor> value_and_gradient(const torch::Tensor& x) override;
  void accumulate_gradient(const torch::Tensor& x, const torch::Tensor& weight) override;
  /// a <- β a / |a| where |a| exceeds β.
  void project_parameters() override;

  /// |E| as above, in nats.
  double norm() const;

 private:
  double scale(std::int64_t degree) const;
  torch::Tensor by_operators(const torch::Tensor& x) const;
  /// Whether columns can be summed up: on the CPU, [N, 3].
  bool has_kernel(const torch::Tensor& x) const;
  torch::Tensor scaled_coefficients() const;  ///< s_l a_{l,m}, double, on the CPU

  HarmonicColumns columns_;
  double smoothness_;
  std::optional<double> cap_;
  torch::Tensor scales_;  ///< s_l of each coefficient, double, on the CPU
  torch::Tensor orders_, coefficients_;
};

}  // namespace ebm
