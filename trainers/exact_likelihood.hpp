#pragma once

#include "dualebm/framework/evaluation/integrator.hpp"
#include "dualebm/framework/settings/fields.hpp"
#include "dualebm/framework/training/trainer.hpp"

namespace ebm {

/// Maximum likelihood with the model's expectation by quadrature instead of particles:
///
///     ∇_θ L = E_data[∇_θ E] - Σ_q p_q ∇_θ E(x_q),   p_q the Gibbs probabilities of the nodes.
///
/// No noise and no step bias: where a domain has a quadrature (spheres to S³, R^d to d = 3), this is how
/// good a training could be. The nodes are those of the domain's fixed rule while that is good to
/// `tolerance`, and cells refined for the energy as it is where it is not, which is looked at every
/// `look_every` iterations. Between looks the nodes stay, so that the objective is one function; they belong
/// to the state of the training.
class ExactLikelihood final : public Trainer {
 public:
  struct Options {
    std::int64_t resolution = 60;       ///< of the fixed rule
    double tolerance = 1e-2;            ///< of log Z, in nats, see Integrator
    std::int64_t most_nodes = 1 << 17;  ///< likewise; 0: the fixed rule and no look at what it is worth
    std::int64_t look_every = 100;      ///< iterations between two looks at the rule
    void describe(Fields& fields);
  };

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
  const Quadrature& rule() const { return rule_; }
  /// Whether they are those of the fixed rule.
  bool fixed() const { return fixed_; }

 private:
  bool looks_at(std::int64_t iteration) const;
  Cost look();
  void take(const Quadrature& rule);

  Options options_;
  Integrator integrator_;
  Quadrature rule_, at_start_;
  torch::Tensor nodes_, nodes_at_start_;
  bool fixed_ = true;
};

}  // namespace ebm
