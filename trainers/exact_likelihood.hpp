#pragma once

#include "dualebm/framework/training/trainer.hpp"
#include "dualebm/trainers/likelihood_rule.hpp"

namespace ebm {

/// Maximum likelihood with the model's expectation by quadrature instead of particles:
///
///     ∇_θ L = E_data[∇_θ E] - Σ_q p_q ∇_θ E(x_q),   p_q the Gibbs probabilities of the nodes.
///
/// No noise and no step bias: where a domain has a quadrature (spheres to S³, R^d to d = 3), this is how
/// good a training could be. Between looks at the nodes (LikelihoodRule) they stay, so that the
/// objective is one function.
class ExactLikelihood final : public Trainer {
 public:
  using Options = LikelihoodRule::Options;

  /// @throws UserError if the domain has no quadrature, or the data are one point, where
  ///   no likelihood is largest
  ExactLikelihood(TrainerContext context, const Options& options);
  explicit ExactLikelihood(TrainerContext context) : ExactLikelihood(std::move(context), Options()) {}

  /// @throws UserError with the nodes that would be needed, where those allowed leave log Z unknown
  Cost accumulate(const torch::Tensor& batch, const Iteration& iteration) override;
  bool repeats(const Iteration& iteration) const override;
  void save(State& state) const override;
  void load(const State& state) override;

  /// Nodes and weights as they are.
  const Quadrature& rule() const { return rule_.rule(); }
  /// Whether they are those of the fixed rule.
  bool fixed() const { return rule_.fixed(); }

 private:
  LikelihoodRule rule_;
};

}  // namespace ebm
