#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/sampling/composition.hpp"
#include "dualebm/framework/sampling/independence_jump.hpp"
#include "dualebm/framework/sampling/langevin.hpp"
#include "dualebm/framework/sampling/mala.hpp"
#include "dualebm/trainers/particle_trainer.hpp"

namespace ebm {

void ParticleOptions::describe(Fields& fields) {
  fields.number("particle_step", particle_step, Range::positive(),
                "step size h_x of plain Langevin dynamics in place of a section sampler; null: as that says, "
                "without one mala_and_jumps in dual_gda, plain Langevin dynamics of 0.02 elsewhere");
  fields.boolean(
      "antithetic", antithetic,
      "with plain Langevin dynamics: give the second half of the particles the negative noise of the "
      "first; null: yes");
  fields.choice("drift", drift, {"ambient", "balanced", "tangent"},
                "with plain Langevin dynamics on a curved domain: the whole gradient, as published; with "
                "half of its normal part, which takes the step's bias away where the density is narrow; or "
                "with none");
  fields.integer("particles_per_point", particles_per_point, Range::at_least(1),
                 "N / n: particles start as this many copies of the data, unless there are weights or "
                 "particles is given");
  fields.integer(
      "particles", particles, Range::at_least(1),
      "N: this many start at data points drawn at random, each once where they suffice; null: 1000 "
      "with weights, else particles_per_point times n");
  fields.boolean(
      "weights", weights,
      "whether particles have weights that follow the energy; null: in dual_gda with exact kernels");
  fields.integer("held_out", held_out, Range::at_least(0),
                 "with weights: more particles, moved and weighted too, that only log Z is taken with");
  fields.number(
      "trust", trust, Range::positive(),
      "with weights: largest variance of the change of the energy over the particles, in nats²; of a "
      "longer step of the optimizer a part is taken");
  ensemble.describe(fields);
}

std::shared_ptr<const Sampler> kernel_of(const TrainerContext& context, const ParticleOptions& options,
                                         ParticleTrainer::Default otherwise) {
  if (context.sampler) {
    require(!options.particle_step && !options.antithetic && options.drift == "ambient",
            "trainer: particle_step, antithetic and drift are of plain Langevin dynamics, which the section "
            "sampler stands in for; leave out one of the two");
    return context.sampler;
  }
  if (options.particle_step || otherwise == ParticleTrainer::Default::langevin) {
    Langevin::Options langevin;
    langevin.step_size = options.particle_step.value_or(langevin.step_size);
    langevin.antithetic = options.antithetic.value_or(true);
    langevin.drift = options.drift;
    return std::make_shared<Langevin>(langevin);
  }
  require(!options.antithetic && options.drift == "ambient",
          "trainer: antithetic and drift are of plain Langevin dynamics; give a particle_step");
  const SamplerContext known{.domain = context.problem->shared_domain(),
                             .data = context.problem->data().train,
                             .random = *context.random};
  return std::make_shared<Composition>(std::vector<std::shared_ptr<const Sampler>>{
      std::make_shared<Mala>(Mala::Options{}),
      std::make_shared<IndependenceJump>(known, IndependenceJump::Options{})});
}

}  // namespace ebm
