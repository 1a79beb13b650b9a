#pragma once

#include <optional>

#include "dualebm/framework/sampling/ensemble.hpp"
#include "dualebm/framework/sampling/proposal.hpp"
#include "dualebm/framework/settings/fields.hpp"
#include "dualebm/framework/training/trainer.hpp"

namespace ebm {

/// Options that all trainers with particles share. What moves the particles is the kernel of the context (the
/// section `sampler`); without one it is the trainer's own: plain Langevin dynamics, or for dual_gda
/// `mala_and_jumps`.
struct ParticleOptions {
  std::optional<double> particle_step =
      std::nullopt;                               ///< h_x of plain Langevin dynamics, in place of a kernel
  std::optional<bool> antithetic = std::nullopt;  ///< of plain Langevin dynamics, see Langevin; null: yes
  std::string drift = "ambient";                  ///< of plain Langevin dynamics, see Langevin
  std::int64_t particles_per_point = 2;           ///< N = this many copies of the data, see `particles`
  std::optional<std::int64_t> particles =
      std::nullopt;  ///< N; null: 1000 with weights, else copies of the data
  std::optional<bool> weights =
      std::nullopt;             ///< null: where the trainer has them by default and the kernel is exact
  std::int64_t held_out = 250;  ///< with weights: more particles, that only log Z is taken with
  double trust = 0.1;           ///< with weights: largest variance of E' - E over the particles, in nats²
  Ensemble::Options ensemble = {};  ///< with weights: when particles are drawn anew; gain of log Z
  void describe(Fields& fields);
};

/// Base of the trainers in which particles stand for the model: the gradient of the log-likelihood
///
///     ∇_θ L = E_data[∇_θ E] - E_p[∇_θ E] ≈ (1/b) Σ_i ∇_θ E(x_i) - Σ_i W_i ∇_θ E(X_i),
///
/// taken at the new particles and the old parameters. A strategy overrides `move`, which advances the
/// particles at fixed energy.
///
/// Without weights W_i = 1/N, and particles lag behind an energy that moves. With weights they follow
/// it: after the optimizer's step, of which only the part is kept for which Var_W(E' - E) stays below
/// `trust`, log w -= E' - E (Jarzynski's equality), and particles are drawn anew where few carry the
/// mass; see Ensemble. Source: Domingo-Enrich et al. 2022 for the game; Carbone et al. 2023, Algorithms
/// 1 and 2, for the weights.
class ParticleTrainer : public Trainer {
 public:
  /// What a trainer does where the options do not say.
  enum class Default {
    langevin,  ///< plain Langevin dynamics of step 0.02, no weights
    exact,     ///< `mala_and_jumps`, and weights with every exact kernel
  };

  /// Puts the particles at rows of the data.
  /// @throws UserError if an option is out of its range, or of no use with the kernel
  explicit ParticleTrainer(TrainerContext context, const ParticleOptions& options = {},
                           Default otherwise = Default::langevin);

  /// With weights those of the main group, drawn anew by their weights, so that they stand
  /// for the model as they are.
  torch::Tensor particles() const override;
  RankRows particle_rows() const override {
    return weighted_ ? whole_table(ensemble_.positions().size(0)) : rows_;
  }
  /// Weights, which are compared over all particles, and kernels that keep more than positions.
  std::optional<std::string> why_one_rank() const override;
  std::vector<std::string> spread_tensors() const override;
  /// The particles with their weights, the kernel, and log Z.
  const Ensemble& ensemble() const { return ensemble_; }
  bool weighted() const { return weighted_; }  ///< whether particles have weights

  Cost accumulate(const torch::Tensor& batch, const Iteration& iteration) final;
  bool follows() const final { return weighted_; }
  Judgement judge() final;
  void follow() final;
  bool takes_sampler() const final { return true; }
  void save(State& state) const override;
  void load(const State& state) override;
  std::string likely_cause() const override;
  std::optional<double> langevin_step() const override { return step_taken_; }
  /// With weights: that they were left to a twentieth of the particles, or that the flux of jumps (see
  /// jump_flux), whose mean is 1 where particles are the model, was above 10 twice in succession.
  std::optional<std::string> complaint(std::int64_t iteration) override;
  std::vector<torch::Tensor*> carried() override { return ensemble_.carried(); }

 protected:
  /// Advances the particles at fixed energy.
  virtual Cost move(const torch::Tensor& batch, const Iteration& iteration) = 0;

  /// `steps` steps of the kernel.
  Cost advance(std::int64_t steps, const Iteration& iteration);

  /// The kernel. Not `sampler`, which a strategy may have of its own.
  const Sampler& kernel() const { return ensemble_.sampler(); }

  /// Whether an iteration that only advances particles hands a device the same work every time.
  bool advancing_repeats() const { return !weighted_ && kernel().repeats(); }

  /// Positions of all particles, without weights.
  const torch::Tensor& positions() const { return ensemble_.state().positions; }

  /// Which of all particles those of this rank are.
  const RankRows& rows() const { return rows_; }

  /// Puts the particles of this rank somewhere else.
  void set_particles(const torch::Tensor& positions);

  /// Puts them at rows of `points`, the data or a batch: N of them, see ParticleOptions and points_of.
  void start_particles_at(const torch::Tensor& points);

  /// For a strategy that puts particles elsewhere, after which their weights would be those of nothing.
  /// @throws UserError with this reason if there are weights
  void require_no_weights(const char* reason) const;

 private:
  ParticleOptions options_;
  double flux(std::int64_t iteration);

  bool weighted_;
  RankRows rows_;  ///< which of all particles are this rank's
  Ensemble ensemble_;
  Ensemble::Change change_;                        ///< what the optimizer's last step means for the particles
  std::shared_ptr<const Proposal> flux_proposal_;  ///< that the flux is taken with, once it is asked for
  double last_flux_ = 0;
  std::optional<double> step_taken_;  ///< the last, of a chain that aims at the model and is not corrected
};

/// The kernel of the context; else plain Langevin dynamics where an option says so or the default is
/// that; else `mala_and_jumps`.
/// @throws UserError if options of plain Langevin dynamics stand beside a kernel
std::shared_ptr<const Sampler> kernel_of(const TrainerContext& context, const ParticleOptions& options,
                                         ParticleTrainer::Default otherwise);

}  // namespace ebm
