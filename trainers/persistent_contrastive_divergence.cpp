#include "dualebm/trainers/persistent_contrastive_divergence.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/problem/evaluation_mode.hpp"
#include "dualebm/framework/sampling/particles.hpp"

namespace ebm {

void PersistentContrastiveDivergence::Options::describe(Fields& fields) {
  fields.integer("buffer_size", buffer_size, Range::at_least(1), "chains that are kept");
  fields.integer(
      "chains", chains, Range::at_least(0),
      "chains moved in an update, drawn from the buffer; 0: as many as the batch has points, at most "
      "all");
  fields.choice("start", start, {"base", "data"},
                "where chains begin and restart: drawn from the base measure, or at data points");
  fields.number("reinitialisation", reinitialisation, Range::between(0, 1),
                "each chain drawn for an update restarts with this probability");
  fields.integer("langevin_steps", langevin_steps, Range::at_least(1), "Langevin steps K in an update");
  fields.number("particle_step", particle_step, Range::positive(), "step size h of the Langevin dynamics");
  fields.number("noise", noise, Range::at_least(0),
                "standard deviation of a step's noise; null: sqrt(2 h), which samples the model itself");
  fields.number("gradient_clip", gradient_clip, Range::at_least(0),
                "largest norm of a chain's gradient in a Langevin step; 0: any");
  fields.number("energy_regularisation", energy_regularisation, Range::at_least(0),
                "α: adds α (mean of E² at the batch + mean of E² at the chains) to the loss");
}

PersistentContrastiveDivergence::PersistentContrastiveDivergence(TrainerContext context,
                                                                 const Options& options)
    : Trainer(std::move(context)),
      options_(checked(options, "persistent_contrastive_divergence")),
      sampler_({.step_size = options.particle_step,
                .antithetic = false,
                .noise = options.noise,
                .gradient_clip = options.gradient_clip}) {
  require(options.chains <= options.buffer_size,
          "trainer: chains {} cannot be drawn from a buffer_size of {}", options.chains, options.buffer_size);
  buffer_ = fresh(options.buffer_size);
}

torch::Tensor PersistentContrastiveDivergence::fresh(std::int64_t count) {
  if (options_.start == "data") return points_of(data(), count, random(), tensor_options());
  return domain().sample_base(count, random(), tensor_options());
}

torch::Tensor PersistentContrastiveDivergence::moved_chains(std::int64_t count, const Iteration& iteration) {
  const EvaluationMode mode(energy());
  const auto drawn = random().subset(options_.buffer_size, count);
  auto positions = buffer_.index_select(0, drawn);
  if (options_.reinitialisation > 0) {
    const auto restarts = random().uniform({count, 1}, tensor_options()) < options_.reinitialisation;
    positions = torch::where(restarts, fresh(count), positions);
  }
  auto state = sampler_.init(positions);
  for (std::int64_t k = 0; k < options_.langevin_steps; ++k) {
    sampler_.step(energy(), domain(), state, random(), iteration.particle_scale);
  }
  buffer_.index_copy_(0, drawn, state.positions);
  return state.positions;
}

torch::Tensor PersistentContrastiveDivergence::weights(const torch::Tensor& x, double sign) {
  const double share = 1 / static_cast<double>(x.size(0));
  if (options_.energy_regularisation == 0) return torch::full({x.size(0)}, sign * share, x.options());
  const torch::NoGradGuard no_grad;
  return (sign + 2 * options_.energy_regularisation * energy().forward(x)) * share;
}

Cost PersistentContrastiveDivergence::accumulate(const torch::Tensor& batch, const Iteration& iteration) {
  const auto count = options_.chains > 0 ? options_.chains : std::min(batch.size(0), options_.buffer_size);
  const auto chains = moved_chains(count, iteration);
  energy().accumulate_gradient(batch, weights(batch, 1));
  energy().accumulate_gradient(chains, weights(chains, -1));
  return {.point_gradients = count * options_.langevin_steps, .parameter_gradients = count + batch.size(0)};
}

std::string PersistentContrastiveDivergence::likely_cause() const {
  return fmt::format("particle_step {:g} or the optimizer's steps are too large", options_.particle_step);
}

void PersistentContrastiveDivergence::save(State& state) const { state.write("buffer", buffer_); }

void PersistentContrastiveDivergence::load(const State& state) {
  buffer_ = state.tensor_like("buffer", buffer_).clone();
}

}  // namespace ebm
