#pragma once

#include <torch/types.h>

#include <cstdint>
#include <utility>

namespace ebm {

/// Nodes and weights with Σ_i weights_i f(points_i) ≈ ∫ f dτ. Double precision; the weights sum to the mass
/// of τ that the nodes cover: one on a sphere, the area of the square on R².
struct Quadrature {
  torch::Tensor points;   ///< [Q, d]
  torch::Tensor weights;  ///< [Q], positive

  /// log ∫ exp(-E) dτ in nats, from E at the nodes; stable for energies of any size. @param energy [Q], any
  /// dtype.
  double log_integral(const torch::Tensor& energy) const;

  /// The probabilities that the Gibbs measure of E puts on the nodes: [Q], sums to one.
  torch::Tensor gibbs(const torch::Tensor& energy) const;
};

/// Nodes and weights of the Gauss-Legendre rule on [-1, 1], exact for polynomials of degree 2 count - 1.
/// Newton's method on P_count from Tricomi's starting points (Abramowitz & Stegun, 25.4.29).
/// @return nodes and weights, each [count], double; the weights sum to 2.
std::pair<torch::Tensor, torch::Tensor> gauss_legendre(std::int64_t count);

/// Product rule on S²: Gauss-Legendre in cos θ times `longitudes` equally spaced φ, shifted by half a step,
/// so that no node is doubled and none lies on a pole. Spectrally accurate for smooth functions; across the
/// kinks of a ReLU energy the error falls with the square of the spacing. @return points [latitudes *
/// longitudes, 3]
Quadrature sphere_quadrature(std::int64_t latitudes, std::int64_t longitudes);

/// Midpoint rule on the cube [-half_width, half_width]^d in R^d, τ = Lebesgue measure. Spectrally accurate
/// for a smooth density that has died down at the border: a Gaussian of deviation σ costs exp(-2 (πσ/h)²) at
/// the spacing h = 2 half_width / nodes. @param nodes  along one side @return points [nodes^d, d]
Quadrature cube_quadrature(std::int64_t dimension, std::int64_t nodes, double half_width);

}  // namespace ebm
