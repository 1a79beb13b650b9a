#include "framework/samplers/langevin.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "framework/cuda/device_kernels.hpp"
#include "framework/error.hpp"

namespace ebm {
namespace {

torch::Tensor draw_noise(const torch::Tensor& positions, bool antithetic, Random& random) {
  if (!antithetic) return random.normal(positions.sizes(), positions.options());
  auto half_sizes = positions.sizes().vec();
  half_sizes[0] /= 2;
  const auto half = random.normal(half_sizes, positions.options());
  return torch::cat({half, -half});
}

/// Gradients no longer than `limit`. The norm is taken in double, where the square of a float is finite: an
/// overflow would read as a factor of zero.
torch::Tensor clipped(const torch::Tensor& gradient, double limit) {
  const auto norm = torch::norm(gradient, 2, {1}, /*keepdim=*/true, torch::kDouble);
  return gradient * (limit / norm.clamp_min(limit)).to(gradient.scalar_type());
}

}  // namespace

Langevin::Langevin(Options options) : options_(options) {
  require(options.step_size > 0, "Langevin: step_size must be positive, got {}", options.step_size);
  require(options.noise.value_or(0) >= 0, "Langevin: noise must not be negative, got {}",
          options.noise.value_or(0));
  require(options.gradient_clip >= 0, "Langevin: gradient_clip must not be negative, got {}",
          options.gradient_clip);
}

Sampler::State Langevin::init(const torch::Tensor& positions) const {
  require(!options_.antithetic || positions.size(0) % 2 == 0,
          "antithetic noise needs an even number of particles, got {}", positions.size(0));
  return Sampler::init(positions);
}

Sampler::Info Langevin::step(Energy& energy, const Domain& domain, State& state, Random& random,
                             double scale) const {
  const torch::NoGradGuard no_grad;
  const double h = options_.step_size * scale;
  const double noise = options_.noise ? *options_.noise * std::sqrt(scale) : std::sqrt(2 * h);
  auto gradient = energy.gradient(state.positions);
  if (options_.gradient_clip > 0) gradient = clipped(gradient, options_.gradient_clip);
  if (auto stepped =
          cuda::langevin_step(state.positions, gradient, h, noise, options_.antithetic, domain, random)) {
    state.positions = *stepped;
    return {.gradient_evaluations = state.positions.size(0)};
  }
  auto moved = torch::add(state.positions, gradient, -h);
  moved.add_(draw_noise(state.positions, options_.antithetic, random), noise);
  state.positions = domain.retract(moved);
  return {.gradient_evaluations = state.positions.size(0)};
}

}  // namespace ebm
