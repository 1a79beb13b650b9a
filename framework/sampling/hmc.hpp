#pragma once

#include "dualebm/framework/sampling/hamiltonian_kernel.hpp"
#include "dualebm/framework/sampling/step_adaptation.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// Hamiltonian Monte Carlo: a fresh velocity N(0, Σ), L leapfrog steps ε, Metropolis' decision; see
/// `trajectory`. Each particle's ε is jittered by up to a fifth, so that no period of the motion is met by Lε
/// every time. ε finds its acceptance by itself: 0.651 is the best in the limit of many dimensions, 0.8 is
/// safer and costs little. Costs L times ∇E a step. Source: Duane et al. 1987; Neal 2011; Beskos et al. 2013
/// for 0.651; Byrne & Girolami 2013 for the sphere.
class Hmc final : public Sampler {
 public:
  struct Options {
    double step_size = 0.1;           ///< ε > 0 at the start
    std::int64_t leapfrog_steps = 5;  ///< L
    double target_acceptance = 0.8;   ///< in (0, 1)
    double jitter = 0.2;              ///< in [0, 1): ε (1 ± jitter)
    bool diagonal_metric = true;      ///< Σ: variances of the particles on R^d; else 1
    void describe(Fields& fields);
  };

  /// @throws UserError if an option is outside its range.
  explicit Hmc(const Options& options);

  Info step(Energy& energy, const Domain& domain, State& state, Random& random, double scale) const override;
  std::optional<double> step_size(const State& state) const override;

 private:
  HamiltonianKernel kernel_;
  StepAdaptation adaptation_;
};

}  // namespace ebm
