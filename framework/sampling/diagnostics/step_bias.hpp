#pragma once

#include <torch/types.h>

#include <string>

#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/framework/problem/energy.hpp"

namespace ebm {

/// What the step of unadjusted Langevin dynamics does to a model that is trained with it.
///
/// Where E has the curvature λ (the second derivative along a geodesic) the chain with step h stands in R^d
/// at the variance (1/λ) / (1 - hλ/2), and on a sphere, where the retraction divides by the length that the
/// normal part of the ambient drift has added, at (1/λ) / (1 + hλ/2). Training makes this law that of the
/// data, so that the model's own variance 1/λ comes out wrong by the factor 1 - hλ/2, or 1 + hλ/2: a standard
/// deviation of 0.25 as 0.89 of itself at h = 0.02, a von Mises-Fisher concentration of 20 as 17, one of 100
/// as 62. In R^d there is no fixed point at all for a variance below 2h; at the last one hλ = 1.
struct StepBias {
  double step = 0;       ///< h
  double curvature = 0;  ///< λ that a tenth of the particles exceed, per squared unit of x
  bool flat = true;      ///< whether the domain is R^d

  /// hλ/2: the relative error of the model's variance, where the curvature is that
  double variance_error() const { return step * curvature / 2; }
  /// One line for a person where the error is beyond a twentieth; empty elsewhere.
  std::string caution() const;
};

/// Looks at no more than 500 of the particles: the largest curvature at each by power iteration, Hessian
/// times vector by differences of tangential gradients a tenth of the noise to either side. Draws
/// nothing from anybody's stream.
/// @param particles  [N, d] @param step  h
StepBias step_bias(Energy& energy, const Domain& domain, const torch::Tensor& particles, double step);

}  // namespace ebm
