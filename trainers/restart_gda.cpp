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
  fields.number("step_boost", step_boost, Range::at_least(0),
                "learning rates are multiplied by 1 + step_boost p_R / particle_step");
}

RestartGda::RestartGda(TrainerContext context, const Options& options)
    : ParticleTrainer(std::move(context), options),
      rule_{.every = options.restart_every, .probability = options.restart_probability} {
  require(rule_.every == 0 || rule_.probability == 0,
          "trainer: restart_every {} and restart_probability {:g} are both on; set one of them to 0",
          rule_.every, rule_.probability);
  scale_learning_rates(restart_boost(options.step_boost, rule_.rate(), options.particle_step));
}

std::int64_t RestartGda::move(const torch::Tensor&) {
  const auto positions = restarted(particles(), data(), rule_, iteration(), random());
  if (!positions.is_same(particles())) set_particles(positions);
  return langevin(1);
}

}  // namespace ebm
