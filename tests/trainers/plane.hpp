#pragma once

#include "dualebm/models/gaussian.hpp"
#include "dualebm/trainers/maximum_likelihood.hpp"
#include "dualebm/trainers/restart_gda.hpp"
#include "tests/support/contexts.hpp"
#include "tests/trainers/gradients.hpp"

namespace ebm::testing {

inline torch::Tensor plane_points(std::int64_t count) {
  Random random(2, "data");
  return random.normal({count, 2}, torch::kDouble);
}

/// A standard Gaussian energy on R² and points to train it on.
inline TrainerContext on_the_plane(const torch::Tensor& data) {
  return {.energy = std::make_shared<Gaussian>(on_euclidean(2, torch::kDouble), Gaussian::Options{}),
          .problem = problem_of(std::make_shared<Euclidean>(2), data),
          .random = std::make_shared<Random>(1, "particles")};
}

/// Factor on the particles' steps so small that they stand still: what a strategy did to them before their
/// step is left to be seen.
inline constexpr double frozen = 1e-24;

inline RestartGda::Options restarts(std::int64_t every, double probability, std::int64_t copies = 2) {
  RestartGda::Options options;
  options.particle_step = 0.02;
  options.restart_every = every;
  options.restart_probability = probability;
  options.particles_per_point = copies;
  return options;
}

inline MaximumLikelihood::Options likelihood_chains(const std::string& chains) {
  MaximumLikelihood::Options options;
  options.langevin_steps = 3;
  options.chains = chains;
  return options;
}

/// For each data point the number of particles that lie on it.
inline torch::Tensor particles_at(const torch::Tensor& data, const torch::Tensor& particles) {
  return ((particles.unsqueeze(0) - data.unsqueeze(1)).abs().sum(2) < 1e-9).sum(1).to(torch::kDouble);
}

}  // namespace ebm::testing
