#include "dualebm/framework/sampling/diagnostics/flux.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>

#include "dualebm/framework/sampling/diagonal_metric.hpp"
#include "dualebm/framework/sampling/sampler.hpp"

namespace ebm {
namespace {

// Wave lengths from a few widths of the cloud to a fraction of one.
constexpr double lowest_frequency = 0.3, highest_frequency = 3;

}  // namespace

double jump_flux(Energy& energy, const Proposal& q, const torch::Tensor& positions,
                 const torch::Tensor& weights, Random& random, std::int64_t functions) {
  const torch::NoGradGuard no_grad;
  const auto n = positions.size(0), d = positions.size(1);
  const auto options = positions.options().dtype(torch::kDouble);
  const auto y = q.sample(n, random, positions.options());
  const auto log_ratio = (energies_at(energy, positions) - energies_at(energy, y)).to(torch::kDouble) +
                         q.log_density(positions) - q.log_density(y);
  const auto alpha = log_ratio.clamp_max(0).exp().nan_to_num(0, 0, 0);
  const auto x = positions.to(torch::kDouble), there = y.to(torch::kDouble);
  const auto scale = never_nothing(torch::cat({x, there}).std(0, /*unbiased=*/false));
  const auto size = std::log(lowest_frequency) +
                    std::log(highest_frequency / lowest_frequency) * random.uniform({functions}, options);
  const auto omega = random.normal({d, functions}, options) / scale.unsqueeze(1) * size.exp();
  const auto phase = 2 * std::numbers::pi * random.uniform({functions}, options);
  const auto flow = alpha.unsqueeze(1) * ((there.mm(omega) + phase).cos() - (x.mm(omega) + phase).cos());
  const auto w = weights.defined() ? weights.to(torch::kDouble)
                                   : torch::full({n}, 1.0 / static_cast<double>(n), options);
  const auto mean = w.unsqueeze(0).mm(flow);
  const auto variance = w.square().unsqueeze(0).mm((flow - mean).square());
  return (mean.square() / variance).mean().item<double>();
}

}  // namespace ebm
