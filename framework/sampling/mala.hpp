#pragma once

#include "dualebm/framework/sampling/hamiltonian_kernel.hpp"
#include "dualebm/framework/sampling/step_adaptation.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// The Metropolis-adjusted Langevin algorithm: on R^d the proposal
///
///     Y = X - h Σ ∇E(X) + sqrt(2 h Σ) ξ,   accepted with probability min(1, p(Y) q(X|Y) / (p(X) q(Y|X))),
///
/// whose stationary law is the Gibbs measure at any h. It is one leapfrog step ε = sqrt(2 h) of Hamiltonian
/// dynamics with a fresh velocity; on the sphere the same along great circles, which is exact there without a
/// Jacobian. h finds the acceptance 0.574 by itself, Σ the variances of the coordinates.
/// Costs one ∇E a step at fixed parameters: E and ∇E of the positions are kept.
/// Source: Roberts & Tweedie 1996; Roberts & Rosenthal 1998 for 0.574; Byrne & Girolami 2013 for the sphere.
class Mala final : public Sampler {
 public:
  struct Options {
    double step_size = 0.01;           ///< h > 0 at the start
    double target_acceptance = 0.574;  ///< in (0, 1)
    bool diagonal_metric = true;       ///< Σ: variances of the particles on R^d; else 1
    void describe(Fields& fields);
  };

  /// @throws UserError if an option is outside its range.
  explicit Mala(const Options& options);

  Info step(Energy& energy, const Domain& domain, State& state, Random& random, double scale) const override;
  std::optional<double> step_size(const State& state) const override;

 private:
  HamiltonianKernel kernel_;
  StepAdaptation adaptation_;
};

}  // namespace ebm
