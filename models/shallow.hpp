#pragma once

#include <string>

#include "dualebm/framework/problem/energy_context.hpp"
#include "dualebm/models/ridge/ridge_energy.hpp"

namespace ebm {

/// Shallow energy in the feature-learning regime (F1), on the sphere:
///
///     E(x) = (1/m) Σ_j ε_j w_j σ(<x, z_j>),   |z_j| = 1,  w_j >= 0,  ε_j = ±1 fixed,
///     TV = (1/m) Σ_j w_j <= β.
///
/// With a bias the feature is σ(<(x, 1), z>) with z on the sphere of one dimension more; without one, ReLU
/// features on the sphere span only even functions and linear ones. Neurons and weights both move. Source:
/// Domingo-Enrich et al. 2022, §2 and §4.
class Shallow final : public RidgeEnergy {
 public:
  struct Options {
    std::int64_t neurons = 64;        ///< m
    std::string activation = "relu";  ///< σ, see Activation
    bool bias = false;                ///< one more coordinate, always 1
    std::string signs = "negative";   ///< ε: all negative, all positive, or balanced (half and half)
    double initial_weight = 1;        ///< w_j at the start
    double total_variation_cap = 10;  ///< β, in nats
    void describe(Fields& fields);
  };

  /// Neurons start uniform on their sphere. @throws UserError on a domain of infinite measure.
  Shallow(const EnergyContext& context, const Options& options);

  void accumulate_gradient(const torch::Tensor& x, const torch::Tensor& weight) override;

  /// Neurons back to the sphere, negative weights to zero, and w <- β w / TV if TV > β.
  void project_parameters() override;
  Neurons neurons() const override;
  double norm() const override;
  std::optional<double> norm_cap() const override { return cap_; }
  /// F1: β sup_z of h, -h or |h| by the signs that the weights have, h(z) = ∫ φ(x, z)
  /// dω(x); 0 if that is negative.
  std::optional<Support> support(const torch::Tensor& points, const torch::Tensor& weights,
                                 double tolerance) const override;

 private:
  Expansion expansion() const override;

  double cap_;
  torch::Tensor neurons_, weights_, signs_;
};

}  // namespace ebm
