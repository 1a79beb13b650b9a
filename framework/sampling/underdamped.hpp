#pragma once

#include "dualebm/framework/sampling/hamiltonian_kernel.hpp"
#include "dualebm/framework/sampling/step_adaptation.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// Underdamped Langevin dynamics with Metropolis' correction, also known as generalised
/// Hamiltonian Monte Carlo:
///
///     v <- c v + sqrt(1 - c²) ξ,  c = exp(-γ ε);   one leapfrog step ε;   v <- -v where it is rejected.
///
/// Velocities persist from step to step, so that particles go on in one direction for a time 1/γ; the time is
/// in units where velocities have the variances of the coordinates. A rejection turns a particle about, so ε
/// is adapted to a high acceptance. Costs one ∇E a step. Source: Horowitz 1991; Bou-Rabee & Vanden-Eijnden
/// 2010 for the limit of small steps.
class Underdamped final : public Sampler {
 public:
  struct Options {
    double step_size = 0.1;          ///< ε > 0 at the start
    double friction = 1;             ///< γ > 0
    double target_acceptance = 0.9;  ///< in (0, 1)
    bool diagonal_metric = true;     ///< Σ: variances of the particles on R^d; else 1
    void describe(Fields& fields);
  };

  /// @throws UserError if an option is outside its range.
  explicit Underdamped(const Options& options);

  Info step(Energy& energy, const Domain& domain, State& state, Random& random, double scale) const override;
  std::optional<double> step_size(const State& state) const override;

 private:
  HamiltonianKernel kernel_;
  StepAdaptation adaptation_;
  double friction_;
};

}  // namespace ebm
