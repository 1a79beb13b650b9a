#include "framework/samplers/langevin.hpp"

#include <ATen/ATen.h>

#include <cmath>

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

}  // namespace

Langevin::Langevin(Options options) : options_(options) {
  require(options.step_size > 0, "Langevin: step_size must be positive, got {}", options.step_size);
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
  auto moved = torch::add(state.positions, energy.gradient(state.positions), -h);
  moved.add_(draw_noise(state.positions, options_.antithetic, random), std::sqrt(2 * h));
  state.positions = domain.retract(moved);
  return {.gradient_evaluations = state.positions.size(0)};
}

}  // namespace ebm
