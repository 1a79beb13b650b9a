#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/framework/problem/energy_context.hpp"

namespace ebm {

/// Where bumps stand, for all concentrations together: what NearCentres takes.
struct BumpPlaces {
  torch::Tensor centres;         ///< c [M, d], double
  torch::Tensor concentrations;  ///< κ [M], double
  torch::Tensor heights;         ///< s [M], double: (κ/κ_min)^¼, and 0 where a place is free
  torch::Tensor axes;            ///< v [M, d], double; undefined where all are round
};

/// Centres with the axes of their ellipses, of one concentration.
struct Ellipses {
  torch::Tensor centres;  ///< [m, d], double
  torch::Tensor
      axes;  ///< v [m, d], double: (1 - ρ^{-2})^½ times the direction that is ρ times as long as the others
};

/// Collects the places of one concentration after the other.
class BumpPlaceList final {
 public:
  /// @param height_power  r of the heights s = (κ / least_concentration)^r
  BumpPlaceList(std::int64_t dimension, double least_concentration, double height_power, bool elliptic)
      : dimension_(dimension),
        least_(least_concentration),
        height_power_(height_power),
        elliptic_(elliptic) {}
  /// `room` places of one κ, of which those found are taken. @param found  undefined centres: none
  void add(double concentration, std::int64_t room, const Ellipses& found);
  BumpPlaces joined() const;

 private:
  std::int64_t dimension_;
  double least_, height_power_;
  bool elliptic_;
  std::vector<torch::Tensor> centres_, concentrations_, heights_, axes_;
};

/// @throws UserError where bumps have no place or exp(-E) no integral. @param name  of the energy
void require_a_place(const EnergyContext& context, const std::vector<double>& concentrations,
                     const char* name);

/// The dimension of the tangent space: the trace of the projection to it.
std::int64_t directions_at_a_point(const Domain& domain);

/// Points of a Fibonacci lattice on S², each of which stands for the same area. [count, 3]
torch::Tensor fibonacci_lattice(std::int64_t count);

/// As many points of a lattice on S² as lie `distance` apart: the area of each is that of a hexagon.
std::int64_t lattice_size(double distance);

/// Points in their order, leaving out those nearer than `distance` to one taken before. [<= most, d]
torch::Tensor thinned(const torch::Tensor& points, double distance, std::int64_t most);

/// Points in their order, leaving out those within the ellipse of one taken before that has the half
/// axes `spacing` width and ρ `spacing` width. The long axis is the first principal direction of the
/// points (twenty thousand at most) that are nearer than `elongation` widths, projected to the tangent
/// space; ρ the root of the ratio of the two largest variances, between 1 and `elongation`, and 1 where
/// fewer than eight points are near.
Ellipses thinned_ellipses(const torch::Tensor& points, const Domain& domain, double width, double elongation,
                          double spacing, std::int64_t most);

}  // namespace ebm
