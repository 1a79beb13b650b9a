#pragma once

#include <string>
#include <vector>

#include "dualebm/apps/trust_commands.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// Of the minutes that `fit` is given, what it trains for; the rest is for the diagnosis.
inline constexpr double share_of_training = 0.7;

/// What `fit` makes of a file before it trains.
struct FitChoice {
  Json configuration;  ///< as `dualebm train` takes it; loop.iterations are still to be set by the clock
  std::vector<std::string> reasons;  ///< one line for each thing that was chosen
};

/// Looks at a file, and chooses domain, dataset, transforms, energy, trainer and how a training ends:
///
/// - latitude and longitude among the columns: the sphere, with bumps as sharp as the positions allow, by
///   their exact likelihood;
/// - IDX files, and arrays [n, h, w] or [n, c, h, w]: images, dequantised where they are whole numbers,
///   a convolutional energy;
/// - every other table or array: R^d, whitened, with a perceptron; constant columns and those
///   called label, class, target or outcome are left out; columns whose numbers repeat are spread
///   over the cells of their grid.
///
/// The trainer of the others is dual_gda, whose kernels find their own steps. The validation likelihood ends
/// a training, with log Z by quadrature where there is one and by annealing elsewhere.
/// @throws UserError for a file that cannot be read, with too few rows, or without a column that varies
FitChoice choose_fit(const FitCommandOptions& options);

}  // namespace ebm
