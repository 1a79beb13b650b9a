#pragma once

#include <string_view>

#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/framework/problem/energy.hpp"

namespace ebm {

/// Points, and ∇_x E at them with a graph that goes on to the parameters and to higher derivatives in x: what
/// the objectives of score matching are made of.
struct ScoreGradient {
  torch::Tensor x;         ///< [N, d], a leaf that requires a gradient
  torch::Tensor gradient;  ///< ∇_x E in the ambient space, [N, d]
};

ScoreGradient score_gradient(Energy& energy, const torch::Tensor& points);

/// The derivative of Σ_i f_i in the points, [N, d], with its graph; zeros where f does not depend on them.
torch::Tensor derivative_in_points(const torch::Tensor& f, const torch::Tensor& x);

/// Score matching differentiates ∇_x E in the parameters. Where E has kinks those gradients jump at places
/// that move with the parameters, which automatic differentiation does not see.
/// @throws UserError naming the trainer if the energy is not smooth.
void require_smooth(const Energy& energy, std::string_view trainer);

/// The Laplacian comes from an integration by parts, which leaves ∮ p ∂E/∂n at walls: an objective without it
/// is least somewhere else.
/// @throws UserError naming the trainer if the domain has walls.
void require_no_walls(const Domain& domain, std::string_view trainer);

}  // namespace ebm
