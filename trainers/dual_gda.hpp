#pragma once

#include "dualebm/trainers/particle_trainer.hpp"

namespace ebm {

/// Dual gradient descent-ascent: one Langevin step of the particles and one step of the energy per iteration,
/// concurrently; the particles persist. The ratio of time scales α = h_z / h_x is of order 1.
/// Source: Domingo-Enrich et al. 2022, Algorithm 1 with p_R = 0.
class DualGda final : public ParticleTrainer {
 public:
  using Options = ParticleOptions;
  /// As that of ParticleTrainer.
  using ParticleTrainer::ParticleTrainer;

  bool repeats(const Iteration&) const override { return true; }

 protected:
  Cost move(const torch::Tensor&, const Iteration& iteration) override { return langevin(1, iteration); }
};

}  // namespace ebm
