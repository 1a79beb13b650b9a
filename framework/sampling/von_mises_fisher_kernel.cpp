#include "dualebm/framework/sampling/von_mises_fisher_kernel.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "dualebm/framework/problem/quadrature.hpp"

namespace ebm {
namespace {

/// log ∫_0^π exp(κ (cos θ - 1)) sin^{d-2} θ dθ.
double log_colatitude_integral(double power, double kappa) {
  // The peak: κ sin² θ = (d - 2) cos θ.
  const double c = kappa > 0 ? (std::sqrt(power * power + 4 * kappa * kappa) - power) / (2 * kappa) : 0;
  const double peak = std::acos(std::clamp(c, 0.0, 1.0));
  const double sine_squared = 1 - c * c;
  const double curvature = kappa * c + (power > 0 ? power / std::max(sine_squared, 1e-300) : 0);
  const double reach = 12 / std::sqrt(std::max(curvature, 1e-3));
  const double low = std::max(0.0, peak - reach), high = std::min(std::numbers::pi, peak + reach);
  const auto [nodes, weights] = gauss_legendre(200);
  const auto theta = 0.5 * (high - low) * nodes + 0.5 * (high + low);
  // cos θ - 1 = -2 sin²(θ/2) keeps its digits near the mode.
  const auto exponent = -2 * kappa * (0.5 * theta).sin().square() + power * theta.sin().log();
  return (exponent + weights.log()).logsumexp(0).item<double>() + std::log(0.5 * (high - low));
}

/// cos of the angle to the mean: [count], double.
torch::Tensor cosines(std::int64_t count, double d, double kappa, Random& random,
                      const torch::TensorOptions& options) {
  const double b = (d - 1) / (2 * kappa + std::sqrt(4 * kappa * kappa + (d - 1) * (d - 1)));
  const double x0 = (1 - b) / (1 + b), c = kappa * x0 + (d - 1) * std::log1p(-x0 * x0);
  const auto degrees = static_cast<std::int64_t>(d) - 1;
  auto result = torch::empty({count}, options);
  auto missing = torch::arange(count, options.dtype(torch::kLong));
  while (missing.size(0) > 0) {
    const auto n = missing.size(0);
    // Beta((d-1)/2, (d-1)/2) from two sums of squares.
    const auto squares = random.normal({n, 2, degrees}, options).square().sum(2);
    const auto beta = squares.select(1, 0) / squares.sum(1);
    const auto w = (1 - (1 + b) * beta) / (1 - (1 - b) * beta);
    const auto log_uniform = (1 - random.uniform({n}, options)).log();
    const auto accepted = kappa * w + (d - 1) * (1 - x0 * w).log() - c >= log_uniform;
    result.index_put_({missing.masked_select(accepted)}, w.masked_select(accepted));
    missing = missing.masked_select(accepted.logical_not());
  }
  return result;
}

}  // namespace

double von_mises_fisher_log_mass(std::int64_t dimension, double concentration) {
  const double power = static_cast<double>(dimension - 2);
  return concentration + log_colatitude_integral(power, concentration) - log_colatitude_integral(power, 0);
}

torch::Tensor von_mises_fisher_draws(const torch::Tensor& means, double concentration, Random& random) {
  const auto mu = means.to(torch::kDouble);
  const auto w =
      cosines(mu.size(0), static_cast<double>(mu.size(1)), concentration, random, mu.options()).unsqueeze(1);
  auto side = random.normal(mu.sizes(), mu.options());
  side = side - (side * mu).sum(1, /*keepdim=*/true) * mu;
  side = side / side.norm(2, 1, /*keepdim=*/true);
  const auto x = w * mu + (1 - w.square()).clamp_min(0).sqrt() * side;
  return (x / x.norm(2, 1, /*keepdim=*/true)).to(means.scalar_type());
}

}  // namespace ebm
