#include "dualebm/trainers/particle_trainer.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/problem/evaluation_mode.hpp"
#include "dualebm/framework/sampling/composition.hpp"
#include "dualebm/framework/sampling/diagnostics/flux.hpp"
#include "dualebm/framework/sampling/independence_jump.hpp"
#include "dualebm/framework/sampling/langevin.hpp"
#include "dualebm/framework/sampling/mala.hpp"
#include "dualebm/framework/sampling/particles.hpp"

namespace ebm {
namespace {

constexpr std::int64_t most_rows_of_one_pass = 1024, weighted_particles = 1000;
constexpr std::int64_t most_rows_of_flux = 2000;
constexpr double least_effective_share = 0.05;  // below it a few particles stand for the model
constexpr double greatest_flux = 10;

bool with_weights(const ParticleOptions& options, const Sampler& kernel, ParticleTrainer::Default otherwise) {
  return options.weights.value_or(otherwise == ParticleTrainer::Default::exact && kernel.exact());
}

/// N for so many points.
std::int64_t count_of(const ParticleOptions& options, bool weighted, std::int64_t points) {
  return options.particles.value_or(weighted ? weighted_particles : options.particles_per_point * points);
}

}  // namespace

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
                "half of its normal "
                "part, which takes the step's bias away where the density is narrow; or with none");
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
            "sampler "
            "stands in for; leave out one of the two");
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

namespace {

/// The particles at rows of the data.
Ensemble ensemble_at(const Trainer& trainer, std::shared_ptr<const Sampler> kernel,
                     const ParticleOptions& options, bool weighted) {
  const auto& data = trainer.problem().data().train;
  const auto held_out = weighted ? options.held_out : 0;
  const auto count = count_of(options, weighted, data.size(0)) + held_out;
  return {std::move(kernel), points_of(data, count, trainer.random(), trainer.tensor_options()), held_out,
          options.ensemble};
}

}  // namespace

ParticleTrainer::ParticleTrainer(TrainerContext context, const ParticleOptions& options, Default otherwise)
    : Trainer(context), options_(checked(options, "trainer")), weighted_(false), ensemble_([&] {
        auto kernel = kernel_of(context, options_, otherwise);
        weighted_ = with_weights(options_, *kernel, otherwise);
        return ensemble_at(*this, std::move(kernel), options_, weighted_);
      }()) {}

void ParticleTrainer::start_particles_at(const torch::Tensor& points) {
  set_particles(points_of(points, count_of(options_, weighted_, points.size(0)), random(), tensor_options()));
}

void ParticleTrainer::require_no_weights(const char* reason) const {
  require(!weighted_, "trainer.weights: {}; leave them off", reason);
}

Cost ParticleTrainer::advance(std::int64_t steps, const Iteration& iteration) {
  const EvaluationMode mode(energy());
  if (const auto step = kernel().unadjusted_step(ensemble_.state(), domain()); step && steps > 0)
    step_taken_ = *step * iteration.particle_scale;
  Cost cost;
  for (std::int64_t i = 0; i < steps; ++i) {
    const auto info = weighted_ ? ensemble_.move(energy(), domain(), random(), iteration.particle_scale)
                                : ensemble_.step(energy(), domain(), random(), iteration.particle_scale);
    cost += {.energies = info.energy_evaluations, .point_gradients = info.gradient_evaluations};
  }
  return cost;
}

Cost ParticleTrainer::accumulate(const torch::Tensor& batch, const Iteration& iteration) {
  if (!weighted_) ensemble_.forget_energies();
  auto cost = move(batch, iteration);
  const auto uniform = [](const torch::Tensor& x, double sign) {
    return torch::full({x.size(0)}, sign / static_cast<double>(x.size(0)), x.options());
  };
  const auto particles = ensemble_.positions();
  const auto weight = uniform(batch, 1),
             particle_weight = weighted_ ? ensemble_.weights().neg() : uniform(particles, -1);
  // Few rows cost what their operators cost to call: both go in one pass. Of many the copy would cost more.
  if (batch.size(0) + particles.size(0) <= most_rows_of_one_pass) {
    energy().accumulate_gradient(torch::cat({batch, particles}), torch::cat({weight, particle_weight}));
  } else {
    energy().accumulate_gradient(batch, weight);
    energy().accumulate_gradient(particles, particle_weight);
  }
  cost.parameter_gradients += batch.size(0) + particles.size(0);
  return cost;
}

Trainer::Judgement ParticleTrainer::judge() {
  const EvaluationMode mode(energy());
  change_ = ensemble_.change(energy());
  const double variance = change_.variance.item<double>();
  Judgement judgement{
      .cost = {.energies = change_.energy_evaluations, .point_gradients = change_.gradient_evaluations}};
  if (!std::isfinite(variance)) {
    judgement.part = std::numeric_limits<double>::quiet_NaN();
  } else if (variance > options_.trust) {
    judgement.part = std::sqrt(options_.trust / variance);
  }
  return judgement;
}

void ParticleTrainer::follow() { ensemble_.follow(change_, random()); }

torch::Tensor ParticleTrainer::particles() const {
  if (!weighted_) return positions();
  const auto weights = ensemble_.weights().to(torch::kDouble);
  // Systematic, at the middles of equal shares, so that looking draws nothing.
  const auto count = weights.size(0);
  const auto points = (torch::arange(count, weights.options()) + 0.5) / static_cast<double>(count);
  const auto rows = at::searchsorted(weights.cumsum(0), points).clamp_max(count - 1);
  return ensemble_.positions().index_select(0, rows);
}

/// Of particles and the proposal of a jump; 0 where that proposal does not exist on the domain. Draws
/// from a stream of its own.
double ParticleTrainer::flux(std::int64_t iteration) {
  const auto stream = random().branch(fmt::format("flux {}", iteration));
  if (!witness_) {
    try {
      const SamplerContext known{.domain = problem().shared_domain(), .data = data(), .random = *stream};
      witness_ = IndependenceJump(known, IndependenceJump::Options{}).proposal();
    } catch (const UserError&) {
      return 0;
    }
  }
  const auto count = std::min(ensemble_.positions().size(0), most_rows_of_flux);
  const auto weights = ensemble_.weights().narrow(0, 0, count);
  return jump_flux(energy(), *witness_, ensemble_.positions().narrow(0, 0, count), weights / weights.sum(),
                   *stream);
}

std::optional<std::string> ParticleTrainer::complaint(std::int64_t iteration) {
  if (!weighted_) return std::nullopt;
  const double share = ensemble_.least_share(), flux_before = last_flux_;
  ensemble_.watch_share();
  if (share < least_effective_share) {
    return fmt::format("weights were left to {:.2g} of the particles: the energy moves faster than they do",
                       share);
  }
  last_flux_ = kernel().exact() ? flux(iteration) : 0;
  if (std::min(flux_before, last_flux_) < greatest_flux) return std::nullopt;
  return fmt::format(
      "the flux of jumps is {:.3g} and {:.3g}, 1 where particles are the model: some modes have too many "
      "of them",
      flux_before, last_flux_);
}

std::string ParticleTrainer::likely_cause() const {
  const auto step = kernel().step_size(ensemble_.state());
  if (kernel().exact() || !step) return "the optimizer's steps are too large";
  return fmt::format("particle_step {:g} or the optimizer's steps are too large", *step);
}

void ParticleTrainer::save(State& state) const {
  State particles;
  ensemble_.save(particles);
  state.write("particles", particles);
  state.write("flux", last_flux_);
}

void ParticleTrainer::load(const State& state) {
  ensemble_.load(state.part("particles"));
  last_flux_ = state.number("flux");
}

}  // namespace ebm
