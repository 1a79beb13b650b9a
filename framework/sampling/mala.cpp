#include "dualebm/framework/sampling/mala.hpp"

#include <ATen/ATen.h>

namespace ebm {

void Mala::Options::describe(Fields& fields) {
  fields.number("step_size", step_size, Range::positive(), "step size h at the start; it adapts itself");
  fields.number("target_acceptance", target_acceptance, Range{0, 1, false, false},
                "mean acceptance that h is adapted to");
  fields.boolean("diagonal_metric", diagonal_metric,
                 "measure steps on R^d in standard deviations of the coordinates");
}

Mala::Mala(const Options& options)
    : kernel_{.steps = 1, .diagonal_metric = checked(options, "mala").diagonal_metric},
      adaptation_(options.step_size, options.target_acceptance) {}

Sampler::Info Mala::step(Energy& energy, const Domain& domain, State& state, Random& random,
                         double scale) const {
  const torch::NoGradGuard no_grad;
  const auto h = adaptation_.step(state, state.memory);
  const auto info = kernel_.step(energy, domain, state, random, (2 * scale * h).sqrt());
  adaptation_.learn(state, state.memory, info.acceptance);
  return info;
}

std::optional<double> Mala::step_size(const State& state) const {
  return adaptation_.value(state, state.memory);
}

}  // namespace ebm
