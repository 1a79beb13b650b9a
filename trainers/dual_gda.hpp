#pragma once

#include "dualebm/trainers/particle_trainer.hpp"

namespace ebm {

/// Dual gradient descent-ascent: one step of the particles and one of the energy per iteration,
/// concurrently; the particles persist.
///
/// By default particles have weights and the kernel is exact and adapts itself (MALA, and jumps of a tenth of
/// the particles from a kernel density of the data and the base): no step size from the user, and modes that
/// are apart exchange mass. With a `particle_step` it is the published algorithm: one Langevin step, no
/// weights, and the ratio of time scales α = h_z / h_x is of order 1. Source: Domingo-Enrich et al. 2022,
/// Algorithm 1 with p_R = 0; for weights see ParticleTrainer.
class DualGda final : public ParticleTrainer {
 public:
  using Options = ParticleOptions;
  /// As that of ParticleTrainer, exact by default.
  explicit DualGda(TrainerContext context, const Options& options = {})
      : ParticleTrainer(std::move(context), options, Default::exact) {}

  bool repeats(const Iteration&) const override { return advancing_repeats(); }

 protected:
  Cost move(const torch::Tensor&, const Iteration& iteration) override { return advance(1, iteration); }
};

}  // namespace ebm
