#pragma once

#include <torch/types.h>

#include "dualebm/framework/problem/domain.hpp"

namespace ebm {

/// What a kernel knows about the ways of a domain.
enum class Geometry {
  euclidean,  ///< straight lines
  sphere,     ///< great circles
  wrapped,    ///< straight lines that the retraction takes back: a torus, a box
};

/// A domain of another kind than R^d and the sphere is wrapped if its tangent spaces are all of the ambient
/// space: then τ is the volume there, and a retraction that only shifts or reflects pieces keeps it.
/// @param x  a point of the domain at least, [N, d]
/// @throws UserError where the domain is curved: a retraction alone says neither its geodesics nor its Jacobian
Geometry geometry_of(const Domain& domain, const torch::Tensor& x);

/// Orthogonal projection of velocities to the tangent spaces: [N, d].
torch::Tensor tangent(Geometry geometry, const torch::Tensor& x, const torch::Tensor& velocity);

/// Points and velocities after a time along geodesics; the flow keeps the volume dτ dv and the speed.
struct Flow {
  torch::Tensor positions, velocities;  ///< [N, d]
  /// [N], bool: whether the way back leads back, which a step of a reversible chain has to do; undefined: all.
  torch::Tensor reversible = {};
};

/// Great circles: x cos(|v| t) + (v / |v|) sin(|v| t), with v turned along (Byrne & Girolami 2013, §3). Straight
/// lines: retract(x + t v), v as it was; the way back is checked where a retraction is at work.
/// @param time  any shape that goes with [N, d]
Flow flow(Geometry geometry, const Domain& domain, const torch::Tensor& x, const torch::Tensor& velocity,
          const torch::Tensor& time);

}  // namespace ebm
