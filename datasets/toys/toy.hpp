#pragma once

#include "dualebm/datasets/toys/toy_density.hpp"
#include "dualebm/framework/problem/dataset.hpp"

namespace ebm {

/// What draw_toy draws.
struct ToyOptions {
  std::string shape = "eight_gaussians";  ///< see `dualebm list dataset`
  std::int64_t train = 10000;             ///< points to draw
  std::int64_t validation = 0;            ///< likewise
  std::int64_t test = 10000;              ///< likewise
  std::optional<double> noise;            ///< none: the shape's own
  void describe(Fields& fields);
};

/// The two-dimensional shapes that densities are tried on, each with its exact density as the
/// teacher. Three independent sets.
/// @throws UserError on any domain but R²
Dataset draw_toy(const DatasetContext& context, const ToyOptions& options);

/// rings, moons, pinwheel, checkerboard, two_spirals or eight_gaussians.
/// @param noise  standard deviation (scale, for checkerboard); none: the shape's own
std::shared_ptr<ToyDensity> make_toy_density(const std::string& shape,
                                             std::optional<double> noise = std::nullopt);

/// All of them.
std::vector<std::string> toy_shapes();

}  // namespace ebm
