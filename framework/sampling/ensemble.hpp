#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "dualebm/framework/compute/state.hpp"
#include "dualebm/framework/sampling/log_normalizer_track.hpp"
#include "dualebm/framework/sampling/sampler.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// Weighted particles that follow an energy while it is trained.
///
/// A kernel is exact at fixed parameters, and particles lag behind an energy that moves. Their weights
/// make up for it: when E becomes E', log w -= E'(X) - E(X), so that weighted means are those of the new
/// model (Jarzynski's equality), and particles are drawn anew where the weights have grown too unequal.
/// One iteration of a trainer:
///
///     ensemble.move(energy, domain, random);                  // exact steps at fixed parameters
///     gradient from ensemble.positions(), ensemble.weights(); the optimizer moves the parameters
///     auto change = ensemble.change(energy);                  // E' at the particles; shorten the step if
///     ensemble.follow(change, random);                        // change.variance is too large
///
/// Rows [0, main) take part in the gradient; the rest are held out: moved and weighted alike, and looked at
/// by nobody but log Z, because particles that choose the parameters' steps make log Z too low, by nats in a
/// long run. Draws anew within each group. Source: Carbone et al. 2023, Algorithm 1 and 2; Neal 2001; Del
/// Moral, Doucet & Jasra 2006.
class Ensemble final {
 public:
  struct Options {
    double resample_below = 0.5;  ///< a group is drawn anew when its effective share is below this; 0: never
    /// Gain of the importance samples in the average that log Z is, see LogNormalizerTrack.
    double normalizer_gain = 0.02;
    void describe(Fields& fields);
  };

  /// What a move of the parameters means for the particles; nothing has changed yet.
  struct Change {
    torch::Tensor energy, gradient;  ///< E' [N] and, where kernels keep it, ∇E' [N, d] at the positions
    torch::Tensor difference;        ///< E' - E, [N], double
    /// Var_W(E' - E) over the main group with its weights, 0-dim, double: what a trust region limits. To
    /// second order twice the KL divergence between the models before and after.
    torch::Tensor variance;
    std::int64_t gradient_evaluations = 0, energy_evaluations = 0;  ///< particles, as in Sampler::Info
  };

  /// @param positions  [N, d], copied
  /// @param held_out   rows at the end that belong to the held-out group, below N; 0: there is none
  /// @throws UserError if an option is out of range or no particle is left for the main group
  Ensemble(std::shared_ptr<const Sampler> sampler, const torch::Tensor& positions, std::int64_t held_out,
           const Options& options);

  /// One step of the kernel for all particles, at fixed parameters, for who has no use for weights.
  Sampler::Info step(Energy& energy, const Domain& domain, Random& random, double scale = 1) {
    return sampler_->step(energy, domain, state_, random, scale);
  }

  /// A step, after which E is known at the new positions, computed where the kernel does not; and importance
  /// samples of Z are taken where the kernel makes them.
  Sampler::Info move(Energy& energy, const Domain& domain, Random& random, double scale = 1);

  /// The parameters have moved, and nobody follows: what is known of the energy is void.
  void forget_energies() { ++state_.parameters_version; }

  /// E' at the particles after the parameters have moved. May be called again after they have
  /// been moved back a little.
  /// @throws UserError before the first `move`
  Change change(Energy& energy) const;

  /// Takes the change: weights, log Z, E and ∇E at the positions; then draws groups anew whose
  /// effective share is too small.
  /// @return whether any was
  bool follow(const Change& change, Random& random);

  /// Positions of the main group, [main, d]; a view, until the next `move` or `follow`.
  torch::Tensor positions() const { return state_.positions.narrow(0, 0, main_); }
  /// Weights of the main group, [main], of the dtype of the positions; their sum is one.
  torch::Tensor weights() const;
  /// All logarithms of weights, [N], double; each group's largest is its own affair.
  const torch::Tensor& log_weights() const { return log_weights_; }
  /// (Σ w)² / (main Σ w²) of the main group, in (0, 1].
  double effective_share() const { return share_; }
  /// The least of it that there was before particles were drawn anew, since `watch_share`.
  double least_share() const { return least_share_; }
  void watch_share() { least_share_ = 1; }  ///< begins a new watch

  /// log Z of the energy that was followed last, in nats: NaN until importance samples
  /// were taken or a value set.
  const LogNormalizerTrack& log_normalizer() const { return log_normalizer_; }
  /// For a start where Z is known.
  void set_log_normalizer(double value) { log_normalizer_.set(value); }

  const Sampler& sampler() const { return *sampler_; }    ///< the kernel
  const Sampler::State& state() const { return state_; }  ///< of the kernel, with all N particles
  /// Puts all particles somewhere else, with equal weights; steps and metric stay.
  /// @param positions  [N', d], copied; another number of them only where none is held out
  void set_positions(const torch::Tensor& positions);
  /// The tensors that a step replaces, for a kernel that keeps nothing else, see Sampler::repeats.
  std::vector<torch::Tensor*> carried() { return {&state_.positions}; }

  /// Everything; what is read back goes on with the same bits.
  void save(ebm::State& saved) const;
  /// @throws UserError if particles of another dimension were saved, or another number
  ///   where some are held out
  void load(const ebm::State& saved);

 private:
  torch::Tensor group(const torch::Tensor& column, bool held_out) const;
  bool any_held_out() const { return main_ < state_.positions.size(0); }
  void weigh();
  void make_equal(const torch::Tensor& log_weights);
  torch::Tensor normalised_weights() const;

  std::shared_ptr<const Sampler> sampler_;
  Options options_;
  Sampler::State state_;
  torch::Tensor log_weights_;
  torch::Tensor weights_;  ///< of the main group, sum one, [main], double; undefined: equal
  std::int64_t main_;
  double share_ = 1, least_share_ = 1;
  LogNormalizerTrack log_normalizer_;
};

}  // namespace ebm
