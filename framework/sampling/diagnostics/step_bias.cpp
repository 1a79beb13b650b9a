#include "dualebm/framework/sampling/diagnostics/step_bias.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "dualebm/framework/compute/random.hpp"
#include "dualebm/framework/problem/evaluation_mode.hpp"

namespace ebm {
namespace {

constexpr std::int64_t most_particles = 500;
constexpr int power_iterations = 6;
constexpr double worth_a_word = 0.05;

torch::Tensor unit_rows(const torch::Tensor& v) {
  return v / v.norm(2, 1, /*keepdim=*/true).clamp_min(1e-30);
}

}  // namespace

std::string StepBias::caution() const {
  if (!(variance_error() > worth_a_word)) return {};
  const double safe = 2 * worth_a_word / curvature;
  const auto begin = fmt::format(
      "particle_step {:.3g} is large for the curvature that particles meet, {:.3g}: ", step, curvature);
  const auto advice = fmt::format(
      "; {:.2g} would leave {:.0f} %{}, an exact kernel (sampler.name=mala_and_jumps in place of the "
      "particle_step) nothing",
      safe, 100 * worth_a_word, flat ? "" : ", trainer.drift=balanced little");
  if (flat && step * curvature >= 1)
    return begin + "a variance that small has no fixed point at this step" + advice;
  return begin +
         fmt::format("the model's variance there comes out about {:.0f} % too {}", 100 * variance_error(),
                     flat ? "small" : "large") +
         advice;
}

StepBias step_bias(Energy& energy, const Domain& domain, const torch::Tensor& particles, double step) {
  const torch::NoGradGuard no_grad;
  const EvaluationMode mode(energy);
  const auto stride = (particles.size(0) + most_particles - 1) / most_particles;
  const auto x = particles.slice(0, 0, particles.size(0), stride).contiguous();
  Random random(0, "step bias", x.device());
  auto v = unit_rows(domain.to_tangent(x, random.normal(x.sizes(), x.options())));
  const double length = 0.1 * std::sqrt(2 * step);
  const auto tangential = [&](const torch::Tensor& at) { return domain.to_tangent(at, energy.gradient(at)); };
  torch::Tensor curvature;
  for (int i = 0; i < power_iterations; ++i) {
    const auto ahead = tangential(domain.retract(x + length * v)),
               behind = tangential(domain.retract(x - length * v));
    const auto product = domain.to_tangent(x, (ahead - behind) / (2 * length));
    curvature = (product * v).sum(1);
    v = unit_rows(product);
  }
  const auto known = curvature.to(torch::kCPU, torch::kDouble);
  const auto finite = known.masked_select(known.isfinite());
  StepBias bias{.step = step, .flat = domain.is_flat()};
  if (finite.numel() > 0) bias.curvature = std::max(0.0, finite.quantile(0.9).item<double>());
  return bias;
}

}  // namespace ebm
