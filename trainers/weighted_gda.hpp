#pragma once

#include "dualebm/framework/sampling/ensemble.hpp"
#include "dualebm/framework/settings/fields.hpp"
#include "dualebm/framework/training/trainer.hpp"

namespace ebm {

/// Dual gradient descent-ascent with weighted particles and exact kernels: no step size from the user, and modes
/// that are apart exchange mass.
///
/// One iteration: a step of the kernel, which is exact at the parameters as they are (by default MALA, whose step
/// adapts itself, and jumps of a tenth of the particles from a kernel density of the data and the base); the
/// gradient of the log-likelihood with weighted particles,
///
///     ∇_θ L ≈ (1/b) Σ_i ∇_θ E(x_i) - Σ_i W_i ∇_θ E(X_i);
///
/// the optimizer's step, of which only the part is kept for which Var_W(E' - E) stays below `trust`; then the
/// weights follow the energy, log w -= E' - E (Jarzynski), and particles are drawn anew where few carry the mass.
/// Source: Domingo-Enrich et al. 2022 for the game; Carbone et al. 2023, Algorithms 1 and 2, for the weights.
class WeightedGda final : public Trainer {
 public:
  struct Options {
    std::int64_t particles = 1000;  ///< that the gradient is taken with
    std::int64_t held_out = 250;    ///< that only log Z is taken with, see Ensemble
    double trust = 0.1;             ///< largest variance of E' - E over the particles, in nats²
    Ensemble::Options ensemble;     ///< when particles are drawn anew; gain of log Z
    void describe(Fields& fields);
  };

  /// Particles start at rows of the data. @throws UserError if an option is out of its range
  WeightedGda(TrainerContext context, const Options& options);
  explicit WeightedGda(TrainerContext context) : WeightedGda(std::move(context), Options()) {}

  Cost accumulate(const torch::Tensor& batch, const Iteration& iteration) override;
  bool follows() const override { return true; }
  Cost follow(const std::vector<torch::Tensor>& before) override;
  bool takes_sampler() const override { return true; }

  /// Of the main group, drawn anew by their weights, so that they stand for the model as they are.
  torch::Tensor particles() const override;
  const Ensemble& ensemble() const { return ensemble_; }  ///< the particles with their weights, and log Z

  void save(State& state) const override;
  void load(const State& state) override;
  std::string likely_cause() const override;

 private:
  Options options_;
  Ensemble ensemble_;
};

}  // namespace ebm
