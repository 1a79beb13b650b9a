#pragma once

#include <optional>

#include "dualebm/framework/evaluation/duality_gap.hpp"
#include "dualebm/framework/training/trainer.hpp"
#include "dualebm/trainers/corrective_weights.hpp"
#include "dualebm/trainers/likelihood_rule.hpp"

namespace ebm {

/// Maximum likelihood of a shallow energy (F1) neuron by neuron, with the duality gap as certificate:
///
///     min L(E) = E_data[E] + log Z   over   E = Σ_j ε_j w_j φ(., z_j),   w_j >= 0,  Σ_j w_j <= β,
///
/// convex in the measure Σ_j ε_j w_j δ(z_j), by the method of Frank and Wolfe. An iteration
/// 1. finds the neuron that lowers L fastest and the gap, by quadrature and a search with a bound
///    (`duality_gap`): no energy of the ball is better by more;
/// 2. if the gap is above `gap`, gives that neuron a place that is free, or the one of least weight;
/// 3. takes the weights of all neurons in use to their optimum (fully corrective, see `minimise`);
/// 4. slides their directions down L, a step t for all, z_j <- normalise(z_j - t P_{z_j} ∂L/∂z_j / w_j),
///    halved until L falls by a third of what the slope promises; then the weights again.
/// L never grows. It begins with all weights 0, the base measure. Where the gap is below `gap`, or no neuron
/// has a free place and none can be replaced with profit, an iteration changes nothing: `loop.stop_at_gap`
/// ends the run.
///
/// All training points count, whatever the batch. Parameters are set here and their gradients left as they
/// are, zero: the optimizer has nothing to do, and its weight decay would undo some of it. Source: Jaggi
/// 2013, Algorithm 4 (fully corrective); Boyd, Schiebinger & Recht 2017, Algorithm 2, and Denoyelle, Duval,
/// Peyré & Soubies 2019, Algorithm 2 (with steps on the positions).
class BoostedLikelihood final : public Trainer {
 public:
  struct Options {
    double gap = 1e-3;  ///< at which no neuron is added, in nats
    std::int64_t slides =
        20;  ///< steps of the directions after each neuron; 0: they stay where they are found
    LikelihoodRule::Options rule;  ///< that stands for the model
    void describe(Fields& fields);
  };

  /// @throws UserError as ExactLikelihood, and for an energy without neurons that move in a ball
  BoostedLikelihood(TrainerContext context, const Options& options);

  Cost accumulate(const torch::Tensor& batch, const Iteration& iteration) override;
  void save(State& state) const override { rule_.save(state); }
  void load(const State& state) override { rule_.load(state); }
  std::string likely_cause() const override { return "an optimizer with weight decay, or the data"; }

  /// The duality gap where the last iteration began; none before the first.
  const std::optional<DualityGap>& gap() const { return gap_; }

 private:
  /// The features ε_j φ(., z_j) of all neurons as a problem in their masses w_j = weights_j / m.
  CorrectiveProblem problem_now();
  torch::Tensor masses() const;
  void set_masses(const torch::Tensor& masses);
  /// Means over the data of the signed features. [m]
  torch::Tensor mean_features() const;
  void find_gap(const CorrectiveProblem& now);
  /// Puts the neuron of the gap into the place of its sign that carries least.
  /// @return which; -1: there is none
  std::int64_t place_neuron();
  /// Step 3, with a neuron that has no weight yet.
  /// @param all  features of all neurons as they stand
  /// @param placed  its number; -1: none
  /// @return L
  double correct(CorrectiveProblem all, std::int64_t placed);
  /// Step 4.
  /// @param now  features of all neurons as they stand
  /// @param value  L
  /// @return features where the neurons came to stand
  CorrectiveProblem slide(CorrectiveProblem now, double value);
  torch::Tensor slope_of_positions(const CorrectiveProblem& now);

  Options options_;
  LikelihoodRule rule_;
  const NeuronEnergy* neurons_;
  double radius_;
  torch::Tensor signs_, nodes_, data_;  ///< on the CPU, in double
  std::optional<DualityGap> gap_;
  Cost cost_;  ///< of the iteration
};

}  // namespace ebm
