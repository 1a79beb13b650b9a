#include "dualebm/trainers/persistent_contrastive_divergence.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/problem/evaluation_mode.hpp"
#include "dualebm/framework/sampling/langevin.hpp"
#include "dualebm/framework/sampling/particles.hpp"

namespace ebm {
namespace {

/// The kernel of the context, else plain Langevin dynamics.
std::shared_ptr<const Sampler> kernel_of(const TrainerContext& context,
                                         const PersistentContrastiveDivergence::Options& options) {
  if (!context.sampler) {
    return std::make_shared<Langevin>(Langevin::Options{.step_size = options.particle_step.value_or(0.02),
                                                        .antithetic = false,
                                                        .noise = options.noise,
                                                        .gradient_clip = options.gradient_clip.value_or(0)});
  }
  require(!options.particle_step && !options.noise && !options.gradient_clip,
          "trainer: particle_step, noise and gradient_clip are of plain Langevin dynamics, which the "
          "section sampler stands in for; leave out one of the two");
  return context.sampler;
}

/// What the kernel keeps of the chains that were moved, into what it keeps of all.
void put_back(KernelMemory& all, const KernelMemory& moved, const torch::Tensor& rows) {
  all.values = moved.values;
  for (const auto& [name, column] : moved.columns) {
    all.columns[name] = all.columns.at(name).index_copy(0, rows, column);
  }
  for (std::size_t i = 0; i < moved.parts.size(); ++i) put_back(all.parts[i], moved.parts[i], rows);
}

Cost cost_of(const Sampler::Info& info) {
  return {.energies = info.energy_evaluations, .point_gradients = info.gradient_evaluations};
}

}  // namespace

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
  fields.integer("langevin_steps", langevin_steps, Range::at_least(1), "steps K of a chain in an update");
  fields.number("particle_step", particle_step, Range::positive(),
                "step size h of plain Langevin dynamics in place of a section sampler; null: as that says, "
                "without one 0.02");
  fields.number("noise", noise, Range::at_least(0),
                "with plain Langevin dynamics: standard deviation of a step's noise; null: sqrt(2 h), which "
                "samples the model itself");
  fields.number("gradient_clip", gradient_clip, Range::at_least(0),
                "with plain Langevin dynamics: largest norm of a chain's gradient; null or 0: any");
  fields.number("energy_regularisation", energy_regularisation, Range::at_least(0),
                "α: adds α (mean of E² at the batch + mean of E² at the chains) to the loss");
}

PersistentContrastiveDivergence::PersistentContrastiveDivergence(TrainerContext context,
                                                                 const Options& options)
    : Trainer(context),
      options_(checked(options, "persistent_contrastive_divergence")),
      kernel_(kernel_of(context, options_)) {
  require(options.chains <= options.buffer_size,
          "trainer: chains {} cannot be drawn from a buffer_size of {}", options.chains, options.buffer_size);
  buffer_ = kernel_->init(fresh(options.buffer_size));
  if (kernel_->repeats()) return;
  // A kernel with a memory makes it in its first step, for every chain.
  const EvaluationMode mode(energy());
  first_cost_ = cost_of(kernel_->step(energy(), domain(), buffer_, random(), 1));
}

torch::Tensor PersistentContrastiveDivergence::fresh(std::int64_t count) {
  if (options_.start == "data") return points_of(data(), count, random(), tensor_options());
  return domain().sample_base(count, random(), tensor_options());
}

torch::Tensor PersistentContrastiveDivergence::moved_chains(std::int64_t count, const Iteration& iteration,
                                                            Cost& cost) {
  const EvaluationMode mode(energy());
  const auto drawn = random().subset(options_.buffer_size, count);
  auto positions = buffer_.positions.index_select(0, drawn);
  if (options_.reinitialisation > 0) {
    const auto restarts = random().uniform({count, 1}, tensor_options()) < options_.reinitialisation;
    positions = torch::where(restarts, fresh(count), positions);
  }
  auto state = kernel_->init(positions);
  state.parameters_version = ++buffer_.parameters_version;
  state.memory = buffer_.memory;
  state.memory.select(drawn);
  for (std::int64_t k = 0; k < options_.langevin_steps; ++k) {
    cost += cost_of(kernel_->step(energy(), domain(), state, random(), iteration.particle_scale));
  }
  buffer_.positions.index_copy_(0, drawn, state.positions);
  put_back(buffer_.memory, state.memory, drawn);
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
  auto cost = std::exchange(first_cost_, {});
  const auto chains = moved_chains(count, iteration, cost);
  energy().accumulate_gradient(batch, weights(batch, 1));
  energy().accumulate_gradient(chains, weights(chains, -1));
  cost.parameter_gradients += count + batch.size(0);
  return cost;
}

std::string PersistentContrastiveDivergence::likely_cause() const {
  const auto step = kernel_->step_size(buffer_);
  if (kernel_->exact() || !step) return "the optimizer's steps are too large";
  return fmt::format("particle_step {:g} or the optimizer's steps are too large", *step);
}

void PersistentContrastiveDivergence::save(State& state) const {
  State kernel;
  buffer_.memory.save(kernel);
  state.write("buffer", buffer_.positions);
  state.write("kernel", kernel);
  state.write("parameters_version", buffer_.parameters_version);
  state.write("first_energies", first_cost_.energies);
  state.write("first_gradients", first_cost_.point_gradients);
}

void PersistentContrastiveDivergence::load(const State& state) {
  buffer_.positions = state.tensor_like("buffer", buffer_.positions).clone();
  buffer_.memory.load(state.part("kernel"));
  buffer_.parameters_version = state.integer("parameters_version");
  first_cost_ = {.energies = state.integer("first_energies"),
                 .point_gradients = state.integer("first_gradients")};
}

}  // namespace ebm
