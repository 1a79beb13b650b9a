#pragma once

#include <string>
#include <vector>

#include "dualebm/framework/experiment/loaded_energy.hpp"

namespace ebm {

/// Rows of a file that a run has not seen, as its energy takes them.
struct NewRows {
  torch::Tensor raw;                 ///< as they came, [n, d], double, on the CPU; in the order of the file
  torch::Tensor points;              ///< transformed, in the dtype of the run and on the device asked for
  std::string origin;                ///< what was read, in one line; empty where the reader says nothing
  std::vector<std::string> columns;  ///< names of the columns of the file, where it has some
};

/// Reads a file as the run read its own data: the same reader with the same options (delimiter, decimal
/// comma, missing values, ...), the columns that the run was trained on, by name and in their order, and the
/// run's own fitted transform. Every row is read: no split, and no filter by a label.
///
/// A NumPy or IDX file is known by its first bytes and may stand for a table, [n, d]. Where the run's data
/// came from no file, the file has the columns x0 ... x{d-1}, or on the globe latitude and longitude.
/// @throws UserError naming file, line and column, or the columns that are missing
NewRows read_new_rows(const std::string& path, const LoadedEnergy& run, torch::Device device,
                      const Catalogue& catalogue);

}  // namespace ebm
