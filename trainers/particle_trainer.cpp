#include "trainers/particle_trainer.hpp"

#include <ATen/ATen.h>

#include "framework/error.hpp"

namespace ebm {

void ParticleOptions::describe(Fields& fields) {
  fields.number("particle_step", particle_step, Range::positive(),
                "step size h_x of the particles' Langevin dynamics");
  fields.boolean("antithetic", antithetic,
                 "give the second half of the particles the negative noise of the first");
  fields.integer("particles_per_point", particles_per_point, Range::at_least(1),
                 "N / n: particles start as this many copies of the data");
}

ParticleTrainer::ParticleTrainer(TrainerContext context, const ParticleOptions& options)
    : Trainer(std::move(context)),
      sampler_({.step_size = options.particle_step, .antithetic = options.antithetic}) {
  set_particles(copies_of(data(), options.particles_per_point));
}

std::int64_t ParticleTrainer::langevin(std::int64_t steps) {
  std::int64_t evaluations = 0;
  for (std::int64_t i = 0; i < steps; ++i) {
    evaluations += sampler_.step(energy(), domain(), state_, random(), particle_scale()).gradient_evaluations;
  }
  return evaluations;
}

std::int64_t ParticleTrainer::accumulate(const torch::Tensor& batch) {
  const auto evaluations = move(batch);
  const auto uniform = [](const torch::Tensor& x, double sign) {
    return torch::full({x.size(0)}, sign / static_cast<double>(x.size(0)), x.options());
  };
  energy().accumulate_gradient(batch, uniform(batch, 1));
  energy().accumulate_gradient(state_.positions, uniform(state_.positions, -1));
  return evaluations + batch.size(0) + state_.positions.size(0);
}

std::string ParticleTrainer::likely_cause() const {
  return fmt::format("particle_step {:g} or the optimizer's steps are too large",
                     sampler_.options().step_size);
}

void ParticleTrainer::save(torch::serialize::OutputArchive& archive) const {
  Trainer::save(archive);
  archive.write("particles", state_.positions, /*is_buffer=*/true);
}

void ParticleTrainer::load(torch::serialize::InputArchive& archive) {
  Trainer::load(archive);
  torch::Tensor positions;
  archive.read("particles", positions, /*is_buffer=*/true);
  // Their number may be that of a minibatch's copies; their coordinates are the data's.
  require(positions.dim() == 2 && positions.size(1) == data().size(1),
          "particles of {} coordinates instead of {}", positions.size(-1), data().size(1));
  set_particles(positions.to(data().device()));
}

}  // namespace ebm
