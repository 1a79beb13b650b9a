#include "dualebm/trainers/restart_gda.hpp"

#include "dualebm/framework/base/error.hpp"

namespace ebm {

double restart_boost(double boost, double restart_rate, const Sampler& kernel) {
  const auto step = kernel.exact() ? std::nullopt : kernel.step_size({});
  return step ? 1 + boost * restart_rate / *step : 1;
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
      "none, and neither do exact kernels");
}

RestartGda::RestartGda(TrainerContext context, const Options& options)
    : ParticleTrainer(std::move(context), options),
      boost_(restart_boost(checked(options, "restart_gda").step_boost,
                           RestartRule{options.restart_every, options.restart_probability}.rate(), kernel())),
      rule_{.every = options.restart_every, .probability = options.restart_probability} {
  require(rule_.every == 0 || rule_.probability == 0,
          "trainer: restart_every {} and restart_probability {:g} are both on; set one of them to 0",
          rule_.every, rule_.probability);
  require_no_weights("particles that restart at the data have none");
}

Cost RestartGda::move(const torch::Tensor&, const Iteration& iteration) {
  const auto next = restarted(positions(), rows(), data(), rule_, iteration.number_as_promised(), random());
  if (!next.is_same(positions())) set_particles(next);
  return advance(1, iteration);
}

}  // namespace ebm
