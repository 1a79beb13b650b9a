#pragma once

#include <string>

#include "dualebm/framework/problem/energy_context.hpp"
#include "dualebm/models/ridge/ridge_energy.hpp"

namespace ebm {

/// Shallow energy in the lazy regime (F2), on the sphere: frozen random neurons, real coefficients,
///
///     E(x) = (1/m) Σ_j a_j σ(<x, z_j>),   z_j uniform on the sphere,   ((1/m) Σ_j a_j²)^½ <= β.
///
/// A random-feature expansion of a ball of the RKHS with kernel ∫ φ(x, z) φ(y, z) dπ(z). With β = null the
/// ball is gone; a ridge penalty is then the optimizer's weight decay. Source: Domingo-Enrich et al. 2022, §2
/// and §4.
class LazyShallow final : public RidgeEnergy {
 public:
  struct Options {
    std::int64_t neurons = 512;             ///< m
    std::string activation = "relu";        ///< σ, see Activation
    std::optional<double> norm_cap = 30.0;  ///< β, in nats; none: no ball
    void describe(Fields& fields);
  };

  /// @throws UserError on a domain of infinite measure.
  LazyShallow(const EnergyContext& context, const Options& options);

  void accumulate_gradient(const torch::Tensor& x, const torch::Tensor& weight) override;

  /// a <- β a / |a| where |a| = ((1/m) Σ a_j²)^½ exceeds β.
  void project_parameters() override;
  Neurons neurons() const override;
  double norm() const override;
  std::optional<double> norm_cap() const override { return cap_; }
  /// F2: β ((1/m) Σ_j h(z_j)²)^½ with h(z) = ∫ φ(x, z) dω(x), by Cauchy and Schwarz, attained
  /// by all neurons together.
  std::optional<Support> support(const torch::Tensor& points, const torch::Tensor& weights,
                                 double tolerance) const override;

 private:
  Expansion expansion() const override;

  std::optional<double> cap_;
  torch::Tensor neurons_, coefficients_;
};

}  // namespace ebm
