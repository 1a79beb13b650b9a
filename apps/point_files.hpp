#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "dualebm/framework/experiment/loaded_energy.hpp"

namespace ebm {

/// Points of a model as a table of the data that it was trained on: back through the run's
/// transform, on the globe in degrees where the data were, in the run's dtype, with the names of the
/// data's columns or x0, x1, ...
struct PointTable {
  torch::Tensor numbers;             ///< [n, columns], float32 or float64, on the CPU
  std::vector<std::string> columns;  ///< names, as many
};

/// Names of the columns that the run was trained on, as its manifest has them; empty
/// where there are not so many.
std::vector<std::string> trained_columns(const RunDirectory& directory, std::int64_t count);

/// @param points  [n, d], on the domain of the energy
PointTable table_of(const LoadedEnergy& run, const RunDirectory& directory, const torch::Tensor& points);

/// CSV with a header and the fewest digits that give back every number to the bit.
std::string to_csv(const PointTable& table);

/// A .npy file, version 1.0, C order.
std::string to_npy(const PointTable& table);

/// A name as a field of CSV: in quotes where it has to be.
std::string csv_field(const std::string& text);

}  // namespace ebm
