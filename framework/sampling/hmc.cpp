#include "dualebm/framework/sampling/hmc.hpp"

#include <ATen/ATen.h>

namespace ebm {

void Hmc::Options::describe(Fields& fields) {
  fields.number("step_size", step_size, Range::positive(), "leapfrog step ε at the start; it adapts itself");
  fields.integer("leapfrog_steps", leapfrog_steps, Range::at_least(1), "leapfrog steps L of a trajectory");
  fields.number("target_acceptance", target_acceptance, Range{0, 1, false, false},
                "mean acceptance that ε is adapted to");
  fields.number("jitter", jitter, Range{0, 1, true, false},
                "ε varies by up to this part, particle by particle");
  fields.boolean("diagonal_metric", diagonal_metric,
                 "measure steps on R^d in standard deviations of the coordinates");
}

Hmc::Hmc(const Options& options)
    : kernel_{.steps = checked(options, "hmc").leapfrog_steps,
              .jitter = options.jitter,
              .diagonal_metric = options.diagonal_metric},
      adaptation_(options.step_size, options.target_acceptance) {}

Sampler::Info Hmc::step(Energy& energy, const Domain& domain, State& state, Random& random,
                        double scale) const {
  const torch::NoGradGuard no_grad;
  const auto info =
      kernel_.step(energy, domain, state, random, scale * adaptation_.step(state, state.memory));
  adaptation_.learn(state, state.memory, info.acceptance);
  return info;
}

std::optional<double> Hmc::step_size(const State& state) const {
  return adaptation_.value(state, state.memory);
}

}  // namespace ebm
