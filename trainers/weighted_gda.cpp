#include "dualebm/trainers/weighted_gda.hpp"

#include <ATen/ATen.h>

#include "dualebm/framework/problem/evaluation_mode.hpp"
#include "dualebm/framework/problem/parameters.hpp"
#include "dualebm/framework/sampling/composition.hpp"
#include "dualebm/framework/sampling/independence_jump.hpp"
#include "dualebm/framework/sampling/mala.hpp"
#include "dualebm/framework/sampling/particles.hpp"
#include "dualebm/framework/sampling/resampling.hpp"

namespace ebm {
namespace {

/// MALA, which knows its mode, and jumps, which know the others.
std::shared_ptr<const Sampler> default_sampler(const TrainerContext& context) {
  const SamplerContext known{.domain = context.problem->shared_domain(),
                             .data = context.problem->data().train,
                             .random = *context.random};
  return std::make_shared<Composition>(std::vector<std::shared_ptr<const Sampler>>{
      std::make_shared<Mala>(Mala::Options{}),
      std::make_shared<IndependenceJump>(known, IndependenceJump::Options{})});
}

}  // namespace

void WeightedGda::Options::describe(Fields& fields) {
  fields.integer("particles", particles, Range::at_least(2), "particles that the gradient is taken with");
  fields.integer("held_out", held_out, Range::at_least(0),
                 "particles that are moved and weighted too, but that only log Z is taken with");
  fields.number(
      "trust", trust, Range::positive(),
      "largest variance of the change of the energy over the particles, in nats²; of a longer step of the "
      "optimizer a part is taken");
  ensemble.describe(fields);
}

WeightedGda::WeightedGda(TrainerContext context, const Options& options)
    : Trainer(context),
      options_(checked(options, "weighted_gda")),
      ensemble_(context.sampler ? context.sampler : default_sampler(context),
                points_of(data(), options.particles + options.held_out, random(), tensor_options()),
                options.held_out, options.ensemble) {}

Cost WeightedGda::accumulate(const torch::Tensor& batch, const Iteration& iteration) {
  Sampler::Info info;
  {
    const EvaluationMode mode(energy());
    info = ensemble_.move(energy(), domain(), random(), iteration.particle_scale);
  }
  const auto weight = torch::full({batch.size(0)}, 1 / static_cast<double>(batch.size(0)), batch.options());
  energy().accumulate_gradient(batch, weight);
  energy().accumulate_gradient(ensemble_.positions(), -ensemble_.weights());
  return {.energies = info.energy_evaluations,
          .point_gradients = info.gradient_evaluations,
          .parameter_gradients = batch.size(0) + options_.particles};
}

Cost WeightedGda::follow(const std::vector<torch::Tensor>& before) {
  const EvaluationMode mode(energy());
  const torch::NoGradGuard no_grad;
  auto change = ensemble_.change(energy());
  Cost cost{.energies = change.energy_evaluations, .point_gradients = change.gradient_evaluations};
  const double variance = change.variance.item<double>();
  if (variance > options_.trust) {
    const double part = std::sqrt(options_.trust / variance);
    auto live = distinct_parameters(energy());
    for (std::size_t i = 0; i < live.size(); ++i) live[i].copy_(before[i] + part * (live[i] - before[i]));
    energy().project_parameters();
    change = ensemble_.change(energy());
    cost += {.energies = change.energy_evaluations, .point_gradients = change.gradient_evaluations};
  }
  ensemble_.follow(change, random());
  return cost;
}

torch::Tensor WeightedGda::particles() const {
  const auto weights = ensemble_.weights().to(torch::kDouble);
  // Systematic, at the middles of equal shares, so that looking draws nothing.
  const auto count = weights.size(0);
  const auto points = (torch::arange(count, weights.options()) + 0.5) / static_cast<double>(count);
  const auto rows = at::searchsorted(weights.cumsum(0), points).clamp_max(count - 1);
  return ensemble_.positions().index_select(0, rows);
}

void WeightedGda::save(State& state) const {
  State part;
  ensemble_.save(part);
  state.write("ensemble", part);
}

void WeightedGda::load(const State& state) { ensemble_.load(state.part("ensemble")); }

std::string WeightedGda::likely_cause() const { return "the optimizer's steps are too large"; }

}  // namespace ebm
