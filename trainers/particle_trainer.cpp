#include "dualebm/trainers/particle_trainer.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/problem/evaluation_mode.hpp"
#include "dualebm/framework/problem/gradients.hpp"
#include "dualebm/framework/sampling/diagnostics/flux.hpp"
#include "dualebm/framework/sampling/independence_jump.hpp"
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

/// What says how weights are kept says nothing where there are none.
void require_defaults_of_weights(const ParticleOptions& options) {
  const ParticleOptions defaults;
  const auto unused = [](const char* key, double found, double otherwise) {
    require(found == otherwise,
            "trainer.{}: {:g} is of particles with weights, and these have none; leave it out, or see "
            "trainer.weights",
            key, found);
  };
  unused("held_out", static_cast<double>(options.held_out), static_cast<double>(defaults.held_out));
  unused("trust", options.trust, defaults.trust);
  unused("resample_below", options.ensemble.resample_below, defaults.ensemble.resample_below);
  unused("normalizer_gain", options.ensemble.normalizer_gain, defaults.ensemble.normalizer_gain);
}

/// N for so many points.
std::int64_t count_of(const ParticleOptions& options, bool weighted, std::int64_t points) {
  return options.particles.value_or(weighted ? weighted_particles : options.particles_per_point * points);
}

/// The particles at rows of the data.
Ensemble ensemble_at(const Trainer& trainer, std::shared_ptr<const Sampler> kernel,
                     const ParticleOptions& options, const RankRows& rows, std::int64_t held_out) {
  const OnRankRows pass(rows, trainer.ranks());
  return {std::move(kernel),
          points_of(trainer.problem().data().train, rows, trainer.random(), trainer.tensor_options()),
          held_out, options.ensemble};
}

std::optional<std::string> why_one_rank(bool weighted, const Sampler& kernel) {
  if (weighted)
    return "particles with weights are on one; set trainer.particle_step, or trainer.weights to false";
  if (!kernel.spreads_over_ranks())
    return "the kernel that moves the particles keeps all of them on one; set trainer.particle_step, or the "
           "sampler to langevin";
  return std::nullopt;
}

}  // namespace

ParticleTrainer::ParticleTrainer(TrainerContext context, const ParticleOptions& options, Default otherwise)
    : Trainer(context), options_(checked(options, "trainer")), weighted_(false), ensemble_([&] {
        auto kernel = kernel_of(context, options_, otherwise);
        weighted_ = with_weights(options_, *kernel, otherwise);
        if (!weighted_) require_defaults_of_weights(options_);
        const auto held_out = weighted_ ? options_.held_out : 0;
        const auto count = count_of(options_, weighted_, data().size(0)) + held_out;
        rows_ = ebm::why_one_rank(weighted_, *kernel) ? whole_table(count) : rank_rows(count, ranks());
        return ensemble_at(*this, std::move(kernel), options_, rows_, held_out);
      }()) {}

std::optional<std::string> ParticleTrainer::why_one_rank() const {
  return ebm::why_one_rank(weighted_, kernel());
}

std::vector<std::string> ParticleTrainer::spread_tensors() const {
  return {"particles.state.positions", "particles.log_weights"};
}

void ParticleTrainer::set_particles(const torch::Tensor& positions) {
  const OnRankRows pass(rows_, ranks());
  ensemble_.set_positions(positions);
}

void ParticleTrainer::start_particles_at(const torch::Tensor& points) {
  const auto count = count_of(options_, weighted_, points.size(0));
  rows_ = why_one_rank() ? whole_table(count) : rank_rows(count, ranks());
  set_particles(points_of(points, rows_, random(), tensor_options()));
}

void ParticleTrainer::require_no_weights(const char* reason) const {
  require(!weighted_, "trainer.weights: {}; leave them off", reason);
}

Cost ParticleTrainer::advance(std::int64_t steps, const Iteration& iteration) {
  const EvaluationMode mode(energy());
  const OnRankRows pass(rows_, ranks());
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
  const auto uniform = [&](const RankRows& rows, double sign) {
    return torch::full({rows.count()}, sign / static_cast<double>(rows.all), batch.options());
  };
  const auto particles = ensemble_.positions();
  const auto batch_rows = rank_rows(batch.size(0), ranks()), of_particles = particle_rows();
  const auto weight = uniform(batch_rows, 1),
             particle_weight = weighted_ ? ensemble_.weights().neg() : uniform(of_particles, -1);
  // Few rows cost what their operators cost to call: both go in one pass. Of many the copy would cost more.
  const auto rows = batch_rows.all + of_particles.all;
  if (rows <= most_rows_of_one_pass) {
    energy().accumulate_gradient(torch::cat({batch, particles}), torch::cat({weight, particle_weight}));
  } else {
    accumulate_over_ranks(energy(), batch_rows.of(batch), weight, batch_rows, ranks());
    accumulate_over_ranks(energy(), particles, particle_weight, of_particles, ranks());
  }
  cost.parameter_gradients += rows;
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
/// from streams of its own.
double ParticleTrainer::flux(std::int64_t iteration) {
  if (!flux_proposal_) {
    try {
      const auto fitting = random().branch("proposal of the flux");  // the same before a resume and after it
      const SamplerContext known{.domain = problem().shared_domain(), .data = data(), .random = *fitting};
      flux_proposal_ = IndependenceJump(known, IndependenceJump::Options{}).proposal();
    } catch (const UserError&) {
      return 0;
    }
  }
  const auto stream = random().branch(fmt::format("flux {}", iteration));
  const auto count = std::min(ensemble_.positions().size(0), most_rows_of_flux);
  const auto weights = ensemble_.weights().narrow(0, 0, count);
  return jump_flux(energy(), *flux_proposal_, ensemble_.positions().narrow(0, 0, count),
                   weights / weights.sum(), *stream);
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
  if (step_taken_) state.write("step_taken", *step_taken_);
  state.write("count", rows_.all);
}

void ParticleTrainer::load(const State& state) {
  ensemble_.load(state.part("particles"));
  const auto count = ensemble_.state().positions.size(0);
  // One of before ranks does not say; it has all.
  rows_ =
      state.has("count") && !why_one_rank() ? rank_rows(state.integer("count"), ranks()) : whole_table(count);
  require(rows_.count() == count, "{} particles of {}, not {}", count, rows_.all, rows_.count());
  last_flux_ = state.number("flux");
  step_taken_.reset();
  if (state.has("step_taken")) step_taken_ = state.number("step_taken");
}

}  // namespace ebm
