#include "dualebm/framework/sampling/diagonal_metric.hpp"

#include <ATen/ATen.h>

namespace ebm {
namespace {

constexpr double least_weight = 0.005, prior_variance = 1e-3, prior_count = 5, least_share = 1e-3;

}  // namespace

torch::Tensor never_nothing(const torch::Tensor& scales) {
  const auto mean = scales.mean();
  const auto usable = torch::isfinite(mean).logical_and(mean > 0);
  return torch::where(usable, torch::maximum(scales, least_share * mean), torch::ones_like(scales));
}

torch::Tensor DiagonalMetric::variances(const Domain& domain, const Sampler::State& state,
                                        KernelMemory& memory) {
  const auto& x = state.positions;
  auto& values = memory.values;
  if (values.find("metric_variance") == values.end()) {
    const auto points = x.to(torch::kDouble);
    values["metric_mean"] = points.mean(0);
    values["metric_variance"] = points.var(0, /*unbiased=*/false);
    values["metric_steps"] = torch::zeros({}, points.options());
  }
  const auto count = (values.at("metric_steps") + 1) * static_cast<double>(x.size(0));
  const auto variance = values.at("metric_variance");
  const auto drawn = (count * variance + prior_count * prior_variance) / (count + prior_count);
  return domain.velocity_variances(never_nothing(drawn)).to(x.scalar_type());
}

void DiagonalMetric::learn(const Sampler::State& state, KernelMemory& memory) {
  if (!state.adapting) return;
  auto& values = memory.values;
  const auto points = state.positions.to(torch::kDouble);
  const auto steps = values.at("metric_steps") + 1;
  const auto weight = (2 / (steps + 2)).clamp_min(least_weight);
  const auto mean = values.at("metric_mean"), variance = values.at("metric_variance");
  const auto drift = points.mean(0) - mean;
  const auto next =
      (1 - weight) * (variance + weight * drift.square()) + weight * points.var(0, /*unbiased=*/false);
  const auto finite = torch::isfinite(next);
  values["metric_variance"] = torch::where(finite, next, variance);
  values["metric_mean"] = torch::where(finite, mean + weight * drift, mean);
  values["metric_steps"] = steps;
}

}  // namespace ebm
