#include "dualebm/trainers/score_matching.hpp"

#include "dualebm/trainers/restart_gda.hpp"

namespace ebm {

void RestartLimit::Options::describe(Fields& fields) {
  ParticleOptions::describe(fields);
  fields.number("step_boost", step_boost, Range::at_least(0),
                "learning rates are multiplied by 1 + step_boost / particle_step");
}

RestartLimit::RestartLimit(TrainerContext context, const Options& options)
    : ParticleTrainer(std::move(context), options) {
  scale_learning_rates(restart_boost(options.step_boost, 1, options.particle_step));
}

std::int64_t RestartLimit::move(const torch::Tensor& batch) {
  start_particles_at(batch);
  return langevin(1);
}

}  // namespace ebm
