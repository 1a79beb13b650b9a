#pragma once

#include "dualebm/framework/settings/fields.hpp"
#include "dualebm/framework/training/trainer.hpp"

namespace ebm {

/// Implicit score matching by the whole Hessian: the gradient of
///
///     J(θ) = E_data[ ½ |∇_X E|² - Δ_X E ],
///
/// with the tangential gradient and the Laplace-Beltrami operator of the domain, by automatic differentiation
/// (d backward passes for the Hessian). J equals half the Fisher divergence to the data up to a constant. It
/// differentiates E three times, so it takes smooth energies only. Source: Hyvärinen 2005, Theorem 1; Mardia
/// et al. 2016 on manifolds.
class ExactScoreMatching final : public Trainer {
 public:
  struct Options {
    void describe(Fields&) {}
  };

  /// @throws UserError if the energy is not smooth.
  ExactScoreMatching(TrainerContext context, const Options& options);
  explicit ExactScoreMatching(TrainerContext context) : ExactScoreMatching(std::move(context), Options()) {}

  Cost accumulate(const torch::Tensor& batch, const Iteration& iteration) override;
  bool repeats(const Iteration&) const override { return true; }
};

/// The objective J above, [], differentiable in the parameters.
torch::Tensor exact_score_objective(Energy& energy, const Domain& domain, const torch::Tensor& batch);

}  // namespace ebm
