#include "dualebm/trainers/particle_trainer.hpp"

#include <ATen/ATen.h>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/problem/evaluation_mode.hpp"

namespace ebm {
namespace {

constexpr std::int64_t most_rows_of_one_pass = 1024;

}  // namespace

void ParticleOptions::describe(Fields& fields) {
  fields.number("particle_step", particle_step, Range::positive(),
                "step size h_x of the particles' Langevin dynamics");
  fields.boolean("antithetic", antithetic,
                 "give the second half of the particles the negative noise of the first");
  fields.choice(
      "drift", drift, {"ambient", "balanced", "tangent"},
      "on a curved domain: the whole gradient, as published; with half of its normal part, which takes the "
      "step's bias away where the density is narrow; or with none");
  fields.integer("particles_per_point", particles_per_point, Range::at_least(1),
                 "N / n: particles start as this many copies of the data, unless particles is given");
  fields.integer("particles", particles, Range::at_least(0),
                 "N: this many start at data points drawn at random, each once where they suffice; 0: "
                 "particles_per_point times n");
}

ParticleTrainer::ParticleTrainer(TrainerContext context, const ParticleOptions& options)
    : Trainer(std::move(context)),
      options_(checked(options, "trainer")),
      sampler_(
          {.step_size = options.particle_step, .antithetic = options.antithetic, .drift = options.drift}) {
  start_particles_at(data());
}

void ParticleTrainer::start_particles_at(const torch::Tensor& points) {
  const auto count =
      options_.particles > 0 ? options_.particles : options_.particles_per_point * points.size(0);
  set_particles(points_of(points, count, random(), tensor_options()));
}

Cost ParticleTrainer::langevin(std::int64_t steps, const Iteration& iteration) {
  const EvaluationMode mode(energy());
  if (steps > 0 && (options_.drift == "ambient" || domain().is_flat()))
    step_taken_ = options_.particle_step * iteration.particle_scale;
  Cost cost;
  for (std::int64_t i = 0; i < steps; ++i) {
    cost.point_gradients +=
        sampler_.step(energy(), domain(), state_, random(), iteration.particle_scale).gradient_evaluations;
  }
  return cost;
}

Cost ParticleTrainer::accumulate(const torch::Tensor& batch, const Iteration& iteration) {
  auto cost = move(batch, iteration);
  const auto uniform = [](const torch::Tensor& x, double sign) {
    return torch::full({x.size(0)}, sign / static_cast<double>(x.size(0)), x.options());
  };
  const auto& particles = state_.positions;
  const auto weight = uniform(batch, 1), particle_weight = uniform(particles, -1);
  // Few rows cost what their operators cost to call: both go in one pass. Of many the copy would cost more.
  if (batch.size(0) + particles.size(0) <= most_rows_of_one_pass) {
    energy().accumulate_gradient(torch::cat({batch, particles}), torch::cat({weight, particle_weight}));
  } else {
    energy().accumulate_gradient(batch, weight);
    energy().accumulate_gradient(particles, particle_weight);
  }
  cost.parameter_gradients += batch.size(0) + state_.positions.size(0);
  return cost;
}

std::string ParticleTrainer::likely_cause() const {
  return fmt::format("particle_step {:g} or the optimizer's steps are too large",
                     sampler_.options().step_size);
}

void ParticleTrainer::save(State& state) const { state.write("particles", state_.positions); }

void ParticleTrainer::load(const State& state) {
  const auto positions = state.tensor("particles");
  // Their number may be that of a minibatch's copies; their coordinates are the data's.
  require(positions.dim() == 2 && positions.size(1) == data().size(1) &&
              positions.scalar_type() == state_.positions.scalar_type(),
          "particles of {} coordinates in {} instead of {} in {}", positions.size(-1),
          c10::toString(positions.scalar_type()), data().size(1),
          c10::toString(state_.positions.scalar_type()));
  set_particles(positions.to(tensor_options()));
}

}  // namespace ebm
