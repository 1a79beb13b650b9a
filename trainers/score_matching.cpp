#include "dualebm/trainers/score_matching.hpp"

#include "dualebm/framework/base/error.hpp"
#include "dualebm/trainers/restart_gda.hpp"

namespace ebm {

void RestartLimit::Options::describe(Fields& fields) {
  ParticleOptions::describe(fields);
  fields.number("step_boost", step_boost, Range::at_least(0),
                "learning rates are multiplied by 1 + step_boost / particle_step where steps are multiples "
                "of the gradient (wasserstein_fisher_rao, sgd); Adam gets no boost");
}

RestartLimit::RestartLimit(TrainerContext context, const Options& options)
    : ParticleTrainer(std::move(context), options),
      boost_(restart_boost(checked(options, "score_matching").step_boost, 1, kernel())) {
  require_no_weights("particles that restart at the data have none");
  require(!kernel().exact(),
          "trainer: score_matching is the limit of one Langevin step from the data; the section sampler can "
          "only be langevin");
}

Cost RestartLimit::move(const torch::Tensor& batch, const Iteration& iteration) {
  start_particles_at(batch);
  return advance(1, iteration);
}

}  // namespace ebm
