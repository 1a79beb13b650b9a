#include "dualebm/trainers/restart_gda.hpp"

#include "dualebm/framework/base/error.hpp"

namespace ebm {

double restart_boost(double boost, double restart_rate, double particle_step) {
  return 1 + boost * restart_rate / particle_step;
}

void RestartGda::Options::describe(Fields& fields) {
  ParticleOptions::describe(fields);
  fields.integer("restart_every", restart_every, Range::at_least(0),
                 "all particles restart as copies of the data every so many iterations (1/p_R); 0: never");
  fields.number("restart_probability", restart_probability, Range::between(0, 1),
                "p_R: each particle restarts at a random data point with this probability per iteration");
  fields.number(
      "step_boost", step_boost, Range::at_least(0),
      "learning rates are multiplied by 1 + step_boost p_R / particle_step where steps are multiples of the "
      "gradient (wasserstein_fisher_rao, sgd); Adam, which divides by its size, needs no boost and gets "
      "none");
}

RestartGda::RestartGda(TrainerContext context, const Options& options)
    : ParticleTrainer(std::move(context), options),
      boost_(restart_boost(checked(options, "restart_gda").step_boost,
                           RestartRule{options.restart_every, options.restart_probability}.rate(),
                           options.particle_step)),
      rule_{.every = options.restart_every, .probability = options.restart_probability} {
  require(rule_.every == 0 || rule_.probability == 0,
          "trainer: restart_every {} and restart_probability {:g} are both on; set one of them to 0",
          rule_.every, rule_.probability);
}

Cost RestartGda::move(const torch::Tensor&, const Iteration& iteration) {
  const auto positions = restarted(particles(), data(), rule_, iteration.number_as_promised(), random());
  if (!positions.is_same(particles())) set_particles(positions);
  return langevin(1, iteration);
}

}  // namespace ebm
