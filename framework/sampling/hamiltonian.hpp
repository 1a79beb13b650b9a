#pragma once

#include <torch/types.h>

#include <functional>
#include <utility>

#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/framework/sampling/sampler.hpp"

namespace ebm {

/// Particles with velocities, and the energy of the measure they are drawn from.
struct PhasePoint {
  torch::Tensor positions;   ///< [N, d]
  torch::Tensor velocities;  ///< [N, d], tangent
  torch::Tensor energy;      ///< U at the positions, [N]
  torch::Tensor gradient;    ///< ∇U, ambient, [N, d]
};

/// How a trajectory is followed.
struct Leapfrog {
  const Domain& domain;     ///< that the trajectory stays on, along its geodesics
  torch::Tensor step;       ///< ε, of any shape that goes with [N, d]
  std::int64_t steps = 1;   ///< L
  torch::Tensor variances;  ///< Σ of the velocities N(0, Σ), [d], see Domain::velocity_variances
};

/// Where a trajectory ends, and what Metropolis' rule needs.
struct Trajectory {
  PhasePoint end;  ///< after L steps, accepted or not
  /// H(start) - H(end), [N], with H = U + |v|²_{Σ^-1} / 2; -∞ where the end is not finite or the way not
  /// reversible.
  torch::Tensor log_ratio;
};

/// U and ∇U at [N, d].
using Target = std::function<std::pair<torch::Tensor, torch::Tensor>(const torch::Tensor&)>;

/// L steps of the leapfrog rule on geodesics,
///
///     v <- v - (ε/2) P_x Σ ∇U(x);   (x, v) <- geodesic flow for the time ε;   v <- v - (ε/2) P_x Σ ∇U(x),
///
/// reversible, and a map that keeps the volume dτ dv. Between the ends the half kicks are made as whole ones.
/// Source: Byrne & Girolami 2013, Algorithm 1; Neal 2011 for R^d.
Trajectory trajectory(const Target& target, const PhasePoint& start, const Leapfrog& leapfrog);

/// Velocities N(0, Σ) in the tangent spaces: [N, d].
torch::Tensor draw_velocities(const Leapfrog& leapfrog, const torch::Tensor& x, Random& random);

/// What Metropolis' rule made of proposals.
struct Decision {
  torch::Tensor accepted;     ///< [N], bool
  torch::Tensor probability;  ///< min(1, exp(log_ratio)), [N], double
};

/// Accepts each with probability min(1, exp(log_ratio)). @param log_ratio  [N]
Decision decide(const torch::Tensor& log_ratio, Random& random);

/// Mean acceptance and divergences of proposals, into `info`.
void report(const Decision& decision, const torch::Tensor& log_ratio, Sampler::Info& info);

/// Rows of `proposed` where accepted, of `current` elsewhere; [N] or [N, d].
torch::Tensor chosen(const torch::Tensor& accepted, const torch::Tensor& proposed,
                     const torch::Tensor& current);

}  // namespace ebm
