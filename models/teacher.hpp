#pragma once

#include <string>

#include "dualebm/framework/problem/energy_context.hpp"
#include "dualebm/models/ridge/ridge_energy.hpp"

namespace ebm {

/// A fixed shallow ReLU energy with few given neurons, the teacher of the published experiments:
///
///     E(x) = (ε/m) Σ_j w max(<x, z_j>, 0)   on the sphere.
///
/// Its minimum over the sphere is bounded exactly, which makes rejection sampling exact; with one or two
/// neurons log Z is known too. It has no parameters. Source: Domingo-Enrich et al. 2022, §6 and the authors'
/// scripts.
class Teacher final : public RidgeEnergy {
 public:
  struct Options {
    std::vector<std::vector<double>> neurons = {{1, 0, 0}};  ///< z_j, normalised when read
    double weight = 10;                                      ///< w
    double sign = -1;                                        ///< ε
    void describe(Fields& fields);
  };

  /// @throws UserError if a neuron has not the dimension of the domain, and on another
  ///   domain than the sphere.
  Teacher(const EnergyContext& context, const Options& options);

  Neurons neurons() const override;
  double norm() const override { return weight_; }

  /// With ε = -1: at any x the active neurons A give E(x) = -<x, Σ_A w z_j / m> >= -max_A |Σ_A w z_j / m|,
  /// the maximum over all subsets. With ε = +1 it is 0.
  std::optional<double> lower_bound() const override { return lower_bound_; }

  /// For m <= 2 the energy depends on the projection to a plane, whose law under τ has a density, so log Z is
  /// an integral in polar coordinates over sectors in which the integrand is smooth.
  std::optional<double> log_normalizer() const override { return log_normalizer_; }

 private:
  Expansion expansion() const override;

  double weight_, sign_;
  torch::Tensor neurons_;
  std::optional<double> lower_bound_, log_normalizer_;
};

}  // namespace ebm
