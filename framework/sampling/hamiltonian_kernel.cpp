#include "dualebm/framework/sampling/hamiltonian_kernel.hpp"

#include <ATen/ATen.h>

#include "dualebm/framework/sampling/diagonal_metric.hpp"
#include "dualebm/framework/sampling/row_transition.hpp"

namespace ebm {

Sampler::Info HamiltonianKernel::step(Energy& energy, const Domain& domain, Sampler::State& state,
                                      Random& random, const torch::Tensor& step_size) const {
  const auto rule = leapfrog(domain, state, random, step_size);
  if (auto done = row_transition(energy, rule, state, random)) {
    learn(state);
    return *done;
  }
  Sampler::Info info;
  transition(energy, rule, state, draw_velocities(rule, state.positions, random), random, info);
  return info;
}

Sampler::Info HamiltonianKernel::persistent_step(Energy& energy, const Domain& domain, Sampler::State& state,
                                                 Random& random, const torch::Tensor& step_size,
                                                 const torch::Tensor& keep) const {
  Sampler::Info info;
  const auto rule = leapfrog(domain, state, random, step_size);
  const auto& x = state.positions;
  // Velocities are kept in units of their deviation, which goes on being learnt.
  const auto deviation = rule.variances.sqrt();
  const auto fresh = draw_velocities(rule, x, random);
  auto v = fresh;
  auto& columns = state.memory.columns;
  if (const auto kept = columns.find("velocity"); kept != columns.end()) {
    const auto c = keep.to(x.scalar_type());
    const auto refreshed = c * (kept->second * deviation) + (1 - c.square()).sqrt() * fresh;
    // Whom another kernel has moved gets a velocity of his new tangent space; who stayed keeps his own.
    v = chosen((columns.at("velocity_at") == x).all(1), refreshed, fresh);
  }
  const auto after = transition(energy, rule, state, v, random, info);
  columns["velocity"] = after / deviation;
  columns["velocity_at"] = state.positions;
  return info;
}

Leapfrog HamiltonianKernel::leapfrog(const Domain& domain, Sampler::State& state, Random& random,
                                     const torch::Tensor& step_size) const {
  const auto& x = state.positions;
  auto epsilon = step_size.to(x.scalar_type());
  if (jitter > 0) epsilon = epsilon * (1 + jitter * (2 * random.uniform({x.size(0), 1}, x.options()) - 1));
  const auto variances = diagonal_metric ? DiagonalMetric::variances(domain, state, state.memory)
                                         : torch::ones({x.size(1)}, x.options());
  return {domain, epsilon, steps, variances};
}

torch::Tensor HamiltonianKernel::transition(Energy& energy, const Leapfrog& leapfrog, Sampler::State& state,
                                            const torch::Tensor& velocities, Random& random,
                                            Sampler::Info& info) const {
  const auto [value, gradient] = energy_and_gradient(energy, state, info);
  const auto target = [&](const torch::Tensor& x) { return energy.value_and_gradient(x); };
  const auto there = trajectory(target, {state.positions, velocities, value, gradient}, leapfrog);
  info.gradient_evaluations += steps * state.positions.size(0);
  const auto decision = decide(there.log_ratio, random);
  report(decision, there.log_ratio, info);
  const auto& accepted = decision.accepted;
  state.positions = chosen(accepted, there.end.positions, state.positions);
  state.keep(chosen(accepted, there.end.energy, value), chosen(accepted, there.end.gradient, gradient));
  learn(state);
  return chosen(accepted, there.end.velocities, -velocities);
}

void HamiltonianKernel::learn(Sampler::State& state) const {
  if (diagonal_metric) DiagonalMetric::learn(state, state.memory);
}

}  // namespace ebm
