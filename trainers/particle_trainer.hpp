#pragma once

#include "dualebm/framework/sampling/langevin.hpp"
#include "dualebm/framework/sampling/particles.hpp"
#include "dualebm/framework/settings/fields.hpp"
#include "dualebm/framework/training/trainer.hpp"

namespace ebm {

/// Options that all trainers with particles share.
struct ParticleOptions {
  double particle_step = 0.02;    ///< h_x, step of the Langevin dynamics
  bool antithetic = true;         ///< second half of the particles gets the negative noise of the first
  std::string drift = "ambient";  ///< see Langevin::Options
  std::int64_t particles_per_point = 2;  ///< N = this many copies of the data, unless `particles` says
  std::int64_t particles = 0;            ///< N; 0: particles_per_point n
  void describe(Fields& fields);
};

/// Base of the trainers in which particles stand for the model: the gradient of the log-likelihood
///
///     ∇_θ L = E_data[∇_θ E] - E_p[∇_θ E] ≈ (1/b) Σ_i ∇_θ E(x_i) - (1/N) Σ_i ∇_θ E(X_i),
///
/// taken at the new particles and the old parameters. A strategy overrides `move`, which advances the
/// particles.
class ParticleTrainer : public Trainer {
 public:
  /// Puts the particles at rows of the data. @throws UserError if an option is out of its range
  explicit ParticleTrainer(TrainerContext context, const ParticleOptions& options = {});

  torch::Tensor particles() const override { return state_.positions; }
  Cost accumulate(const torch::Tensor& batch, const Iteration& iteration) final;
  void save(State& state) const override;
  void load(const State& state) override;
  std::string likely_cause() const override;
  std::optional<double> langevin_step() const override { return step_taken_; }
  std::vector<torch::Tensor*> carried() override { return {&state_.positions}; }

 protected:
  /// Advances the particles at fixed energy.
  virtual Cost move(const torch::Tensor& batch, const Iteration& iteration) = 0;

  /// `steps` Langevin steps.
  Cost langevin(std::int64_t steps, const Iteration& iteration);

  /// Puts the particles somewhere else.
  void set_particles(const torch::Tensor& positions) { state_ = sampler_.init(positions); }

  /// Puts them at rows of `points`, the data or a batch: N of them, see ParticleOptions and points_of.
  void start_particles_at(const torch::Tensor& points);

 private:
  ParticleOptions options_;
  Langevin sampler_;
  Sampler::State state_;
  std::optional<double> step_taken_;  ///< the last, of a chain that aims at the model
};

}  // namespace ebm
