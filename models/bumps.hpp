#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "dualebm/framework/problem/energy_context.hpp"
#include "dualebm/models/bumps/bump_places.hpp"
#include "dualebm/models/bumps/near_centres.hpp"

namespace ebm {

/// Bumps of several widths, for densities that are sharp in some places and flat in others, as that
/// of earthquakes is; linear in its parameters a_j, so that its likelihood is concave in them:
///
///     E(x) = -Σ_j a_j s_j φ(κ_j |x - c_j|² / 2),   s_j = (κ_j / κ_min)^r.
///
/// φ is exp(-t), where on a sphere, |x - c|² = 2 - 2 <x, c>, the bumps are von Mises-Fisher densities up to a
/// factor, or (1 - t/8)⁸ up to t = 8, which has the value and the slope of the Gaussian at its centre, in two
/// dimensions 8/9 of its mass, and is zero beyond four widths: faster where bumps are many. The bumps
/// of one concentration κ, of width κ^{-1/2}, stand on S² for κ up to `lattice_below` on a lattice over the
/// whole sphere, a width apart; elsewhere at training points, taken in their order where none taken before is
/// nearer than `spacing` widths. A ridge penalty λ/2 |a|² is a Gaussian prior, under which a bump of κ_j has
/// values as large as s_j: r = 0 takes all widths alike, and the larger r, the sharper what it expects.
///
/// Elliptic bumps follow what is thin and long in the data, as faults are:
///
///     E(x) = -Σ_j a_j s_j φ(κ_j q_j(x) / 2),   q_j = |x - c_j|² - (1 - ρ_j^{-2}) <u_j, x - c_j>²,
///
/// κ^{-1/2} wide across and ρ times that along the unit vector u. Both are those of the training points
/// around the centre, see `thinned_ellipses`. On S² a Gaussian one is exp(κ (<c, x> - 1) + ½ κ (1 - ρ^{-2})
/// <u, x>²), a Fisher-Bingham density up to a factor, of the same second order at c as Kent's with κ_Kent = κ
/// (1 + ρ^{-2})/2, β_Kent = κ (1 - ρ^{-2})/4 (Kent 1982, §2).
///
/// Only near bumps are computed (NearCentres), exact to rounding; sums are in double whatever the
/// dtype. Parameter: "coefficients" a [M]. Buffers: "centres" c [M, d], "concentrations" κ [M],
/// "heights" s [M], and of elliptic ones "axes" (1 - ρ^{-2})^½ u [M, d]; places that the training
/// points leave free have the height 0.
class Bumps final : public Energy {
 public:
  struct Options {
    std::vector<double> concentrations = {8, 40, 200, 1000, 5000, 20000};  ///< κ, per unit of x squared
    double lattice_below = 100;        ///< κ up to which the centres on S² are a lattice
    double spacing = 0.7;              ///< between centres of one κ at training points, in widths
    std::int64_t most_centres = 4096;  ///< at training points, for each κ
    double height_power = 0.1875;      ///< r, by which heights grow with κ
    std::string profile = "gaussian";  ///< φ: "gaussian" or "compact"
    void describe(Fields& fields);
  };

  /// Of elliptic ones.
  struct EllipticOptions {
    std::vector<double> concentrations = {200, 1000, 5000, 20000};  ///< κ across, per unit of x squared
    double elongation = 5;                                          ///< largest ρ
    double spacing = 0.7;              ///< between centres of one κ, in half axes of the bump taken before
    std::int64_t most_centres = 4096;  ///< at training points, for each κ
    double height_power = 0.1875;      ///< r, by which heights grow with κ
    std::string profile = "gaussian";  ///< φ: "gaussian" or "compact"
    void describe(Fields& fields);
  };

  /// @throws UserError on a domain of infinite measure, where exp(-E) cannot be normalised, and if there are
  /// neither training points nor a state that follows, see EnergyContext
  Bumps(const EnergyContext& context, const Options& options);
  /// Likewise, and on a domain of one dimension.
  Bumps(const EnergyContext& context, const EllipticOptions& options);

  torch::Tensor forward(const torch::Tensor& x) override;
  torch::Tensor gradient(const torch::Tensor& x) override;
  std::pair<torch::Tensor, torch::Tensor> value_and_gradient(const torch::Tensor& x) override;
  void accumulate_gradient(const torch::Tensor& x, const torch::Tensor& weight) override;

 private:
  void stand_at(const BumpPlaces& places, const torch::TensorOptions& options);
  /// The bumps by their places, made again where a state has been read since.
  std::shared_ptr<const NearCentres> near_centres();
  torch::Tensor by_operators(const torch::Tensor& x) const;
  torch::Tensor near_values(const torch::Tensor& x);

  BumpProfile profile_;
  torch::Tensor centres_, concentrations_, heights_, axes_, coefficients_;
  std::mutex mutex_;  // of the two below
  std::shared_ptr<const NearCentres> near_;
  std::pair<const void*, std::int64_t> seen_{nullptr, 0};
};

}  // namespace ebm
