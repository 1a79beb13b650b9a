#pragma once

#include <optional>

#include "dualebm/framework/sampling/sampler.hpp"
#include "dualebm/framework/settings/fields.hpp"
#include "dualebm/framework/training/trainer.hpp"

namespace ebm {

/// Persistent contrastive divergence with a replay buffer: of the many chains in the buffer each update moves
/// a few, drawn at random, by K steps of the kernel (the section `sampler`, else Langevin's), after a
/// fraction of them has started anew. With the batch x and the moved chains X the energy descends
///
///     L(θ) = (1/b) Σ_i E(x_i) - (1/N) Σ_i E(X_i) + α [ (1/b) Σ_i E(x_i)² + (1/N) Σ_i E(X_i)² ],
///
/// where the last term, which keeps E about zero, has no part in the likelihood. A buffer much larger than N
/// mixes better and forgets modes more slowly than N chains do.
/// Chains move in the evaluation mode of the energy; parameters are trained in its training mode.
/// Source: Tieleman 2008; Du & Mordatch 2019 for the buffer, restarts and α, step and noise apart.
class PersistentContrastiveDivergence final : public Trainer {
 public:
  struct Options {
    std::int64_t buffer_size = 10'000;  ///< chains kept
    std::int64_t chains = 0;            ///< N moved in an update; 0: as many as the batch has points
    std::string start = "base";         ///< where chains begin and restart: "base" measure or "data"
    double reinitialisation = 0.05;     ///< each chain drawn restarts with this probability
    std::int64_t langevin_steps = 20;   ///< K, of whatever kernel
    /// h of plain Langevin dynamics in place of a kernel; null: 0.02 where there is
    /// none in the context either
    std::optional<double> particle_step = std::nullopt;
    std::optional<double> noise = std::nullopt;  ///< of plain Langevin dynamics, see there; null: sqrt(2 h)
    std::optional<double> gradient_clip = std::nullopt;  ///< likewise, of each chain's ∇_x E; null: none
    double energy_regularisation = 0;                    ///< α >= 0
    void describe(Fields& fields);
  };

  /// @throws UserError if more chains are to be moved than the buffer has, or options of plain Langevin
  /// dynamics stand beside another kernel
  PersistentContrastiveDivergence(TrainerContext context, const Options& options);
  explicit PersistentContrastiveDivergence(TrainerContext context)
      : PersistentContrastiveDivergence(std::move(context), Options()) {}

  /// The whole buffer, [buffer_size, d].
  torch::Tensor particles() const override { return buffer_.positions; }
  void save(State& state) const override;
  void load(const State& state) override;
  Cost accumulate(const torch::Tensor& batch, const Iteration& iteration) override;
  bool takes_sampler() const override { return true; }
  bool repeats(const Iteration&) const override { return kernel_->repeats(); }
  std::vector<torch::Tensor*> carried() override { return {&buffer_.positions}; }
  std::string likely_cause() const override;

 private:
  torch::Tensor fresh(std::int64_t count);
  torch::Tensor moved_chains(std::int64_t count, const Iteration& iteration, Cost& cost);
  torch::Tensor weights(const torch::Tensor& x, double sign);

  Options options_;
  std::shared_ptr<const Sampler> kernel_;
  Sampler::State buffer_;  ///< all chains, and what the kernel has learnt
  Cost first_cost_;        ///< of making what the kernel keeps, until it is counted
};

}  // namespace ebm
