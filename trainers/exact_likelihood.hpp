#pragma once

#include "dualebm/framework/settings/fields.hpp"
#include "dualebm/framework/training/trainer.hpp"

namespace ebm {

/// Maximum likelihood with the model's expectation by quadrature instead of particles:
///
///     ∇_θ L = E_data[∇_θ E] - Σ_q p_q ∇_θ E(x_q),   p_q the Gibbs probabilities of the nodes.
///
/// No noise and no step bias: where a domain has a quadrature rule (S², R, R²), this is how good a training
/// could be.
class ExactLikelihood final : public Trainer {
 public:
  struct Options {
    std::int64_t resolution = 60;  ///< of the quadrature rule
    void describe(Fields& fields);
  };

  /// @throws UserError if the domain has no quadrature rule.
  ExactLikelihood(TrainerContext context, const Options& options);
  explicit ExactLikelihood(TrainerContext context) : ExactLikelihood(std::move(context), Options()) {}

  Cost accumulate(const torch::Tensor& batch, const Iteration& iteration) override;
  bool repeats(const Iteration&) const override { return true; }

 private:
  Quadrature rule_;
  torch::Tensor nodes_;
};

}  // namespace ebm
