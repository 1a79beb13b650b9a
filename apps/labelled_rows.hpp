#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "dualebm/framework/experiment/loaded_energy.hpp"

namespace ebm {

/// Rows of a file of somebody's own, as the energy of a run knows them.
struct LabelledRows {
  torch::Tensor points;             ///< [n, d], through the run's transform, in its dtype
  std::vector<std::int64_t> rows;   ///< their numbers in the file, from 0; rows with gaps may be left out
  std::vector<std::string> labels;  ///< as they stand in the file; empty without a label column
  std::string label;                ///< the name of that column
  std::string origin;               ///< what was read, in one line
};

/// Reads a file as the run read its own: dialect, columns by their names, transform. Nothing is
/// kept out by label or split.
/// @param label  column of the labels; empty: that of the run, where the file has it
/// @throws UserError naming file, line and column of what is no number, and columns that are not there
LabelledRows read_labelled_rows(const LoadedEnergy& run, const RunDirectory& directory,
                                const std::string& path, const std::string& label);

}  // namespace ebm
