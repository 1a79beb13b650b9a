#pragma once

#include "trainers/particle_trainer.hpp"

namespace ebm {

/// Score matching as the restart limit p_R = 1 of dual GDA: every particle makes one Langevin step from the
/// data. As h_x -> 0 the gradient of the energy is h_x times that of implicit score matching. Source:
/// Domingo-Enrich et al. 2022, §5.
class RestartLimit final : public ParticleTrainer {
 public:
  struct Options : ParticleOptions {
    double step_boost = 0.1;
    void describe(Fields& fields);
  };

  RestartLimit(TrainerContext context, const Options& options);

 protected:
  std::int64_t move(const torch::Tensor& batch) override;

 private:
  std::int64_t copies_;
};

/// Implicit score matching, directly: the gradient of
///
///     J(θ) = E_data[ ½ |∇_X E|² - Δ_X E ],
///
/// with the tangential gradient and the Laplace-Beltrami operator of the domain, by automatic differentiation
/// (d backward passes for the Hessian). J equals half the Fisher divergence to the data up to a constant. It
/// differentiates E three times, so it takes smooth energies only. Source: Hyvärinen 2005, Theorem 1; Mardia
/// et al. 2016 on manifolds.
class ImplicitScoreMatching final : public Trainer {
 public:
  /// @throws UserError if the energy is not smooth.
  explicit ImplicitScoreMatching(TrainerContext context);

 protected:
  std::int64_t accumulate(const torch::Tensor& batch) override;
};

/// Options of the trainer "score_matching", which is one or the other of the two classes above.
struct ScoreMatchingOptions : RestartLimit::Options {
  std::string objective = "restart_limit";
  void describe(Fields& fields);
};

/// The objective J above, [], differentiable in the parameters.
torch::Tensor implicit_score_objective(Energy& energy, const Domain& domain, const torch::Tensor& batch);

}  // namespace ebm
