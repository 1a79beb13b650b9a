#include "dualebm/framework/sampling/underdamped.hpp"

#include <ATen/ATen.h>

namespace ebm {

void Underdamped::Options::describe(Fields& fields) {
  fields.number("step_size", step_size, Range::positive(), "step ε of time at the start; it adapts itself");
  fields.number("friction", friction, Range::positive(), "γ: velocities are forgotten in the time 1/γ");
  fields.number("target_acceptance", target_acceptance, Range{0, 1, false, false},
                "mean acceptance that ε is adapted to");
  fields.boolean("diagonal_metric", diagonal_metric,
                 "measure steps on R^d in standard deviations of the coordinates");
}

Underdamped::Underdamped(const Options& options)
    : kernel_{.steps = 1, .diagonal_metric = checked(options, "underdamped").diagonal_metric},
      adaptation_(options.step_size, options.target_acceptance),
      friction_(options.friction) {}

Sampler::Info Underdamped::step(Energy& energy, const Domain& domain, State& state, Random& random,
                                double scale) const {
  const torch::NoGradGuard no_grad;
  const auto epsilon = scale * adaptation_.step(state, state.memory);
  const auto info =
      kernel_.persistent_step(energy, domain, state, random, epsilon, (-friction_ * epsilon).exp());
  adaptation_.learn(state, state.memory, info.acceptance);
  return info;
}

std::optional<double> Underdamped::step_size(const State& state) const {
  return adaptation_.value(state, state.memory);
}

}  // namespace ebm
