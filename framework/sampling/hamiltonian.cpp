#include "dualebm/framework/sampling/hamiltonian.hpp"

#include <ATen/ATen.h>

#include <limits>
#include <tuple>

namespace ebm {
namespace {

constexpr double divergent = -1000;  // nats: as in Stan, no rounding error is as large

torch::Tensor kinetic(const Leapfrog& leapfrog, const torch::Tensor& v) {
  return 0.5 * (v.square() / leapfrog.variances).sum(1);
}

torch::Tensor kicked(const Leapfrog& leapfrog, const torch::Tensor& x, const torch::Tensor& v,
                     const torch::Tensor& gradient, double share) {
  const auto kick = share * leapfrog.step * leapfrog.variances * gradient;
  return v - leapfrog.domain.to_tangent(x, kick);
}

}  // namespace

Trajectory trajectory(const Target& target, const PhasePoint& start, const Leapfrog& leapfrog) {
  auto now = start;
  torch::Tensor reversible;
  now.velocities = kicked(leapfrog, now.positions, now.velocities, now.gradient, 0.5);
  for (std::int64_t i = 1; i <= leapfrog.steps; ++i) {
    const auto there = leapfrog.domain.geodesic(now.positions, now.velocities, leapfrog.step);
    now.positions = there.positions;
    std::tie(now.energy, now.gradient) = target(now.positions);
    now.velocities =
        kicked(leapfrog, now.positions, there.velocities, now.gradient, i < leapfrog.steps ? 1.0 : 0.5);
    if (!there.reversible.defined()) continue;
    reversible = reversible.defined() ? reversible.logical_and(there.reversible) : there.reversible;
  }
  // Differences first: energies may be large numbers that differ little.
  auto log_ratio =
      (start.energy - now.energy) + (kinetic(leapfrog, start.velocities) - kinetic(leapfrog, now.velocities));
  auto usable = torch::isfinite(now.energy).logical_and(log_ratio.isnan().logical_not());
  if (reversible.defined()) usable = usable.logical_and(reversible);
  log_ratio =
      torch::where(usable, log_ratio, torch::full_like(log_ratio, -std::numeric_limits<double>::infinity()));
  return {now, log_ratio};
}

torch::Tensor draw_velocities(const Leapfrog& leapfrog, const torch::Tensor& x, Random& random) {
  return leapfrog.domain.to_tangent(x, random.normal(x.sizes(), x.options()) * leapfrog.variances.sqrt());
}

Decision decide(const torch::Tensor& log_ratio, Random& random) {
  const auto ratio = log_ratio.to(torch::kDouble);
  // 1 - u is never zero, whose logarithm would accept what is impossible.
  const auto threshold = (1 - random.uniform(ratio.sizes(), ratio.options())).log();
  return {threshold < ratio, ratio.clamp_max(0).exp()};
}

void report(const Decision& decision, const torch::Tensor& log_ratio, Sampler::Info& info) {
  info.acceptance = decision.probability.mean();
  info.divergences = (log_ratio < divergent).sum();
}

torch::Tensor chosen(const torch::Tensor& accepted, const torch::Tensor& proposed,
                     const torch::Tensor& current) {
  return torch::where(current.dim() == 2 ? accepted.unsqueeze(1) : accepted, proposed, current);
}

}  // namespace ebm
