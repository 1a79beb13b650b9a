#include "dualebm/trainers/maximum_likelihood.hpp"

namespace ebm {

void MaximumLikelihood::Options::describe(Fields& fields) {
  ParticleOptions::describe(fields);
  fields.integer("langevin_steps", langevin_steps, Range::at_least(1),
                 "steps K of the particles before each update");
  fields.choice(
      "chains", chains, {"persistent", "data", "base"},
      "where chains begin: kept from the last update, at the batch, or drawn from the base measure");
}

MaximumLikelihood::MaximumLikelihood(TrainerContext context, const Options& options)
    : ParticleTrainer(std::move(context), options), options_(checked(options, "maximum_likelihood")) {
  if (options.chains != "persistent")
    require_no_weights("chains that begin anew before each update have none");
}

Cost MaximumLikelihood::move(const torch::Tensor& batch, const Iteration& iteration) {
  if (options_.chains == "data") {
    start_particles_at(batch);
  } else if (options_.chains == "base") {
    set_particles(rows().of(domain().sample_base(rows().all, random(), positions().options())));
  }
  return advance(options_.langevin_steps, iteration);
}

}  // namespace ebm
