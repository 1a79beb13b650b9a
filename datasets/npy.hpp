#pragma once

#include "dualebm/framework/problem/dataset.hpp"

namespace ebm {

/// Rows of a NumPy file as they lie on the disk: mapped, not copied, in the type of the file.
///
/// An array [n, h, w] or [n, c, h, w] is taken as n images; sides after the first are flattened. The parts of
/// one file are its rows in their order, training first: shuffle before saving, if order means something.
struct Npy final : Dataset {
  struct Options {
    std::string path;               ///< of the array
    std::string validation_path;    ///< empty: a share of `path`
    std::string test_path;          ///< empty: a share of `path`
    double validation_share = 0.1;  ///< rows before the test rows
    double test_share = 0.1;        ///< the last rows
    void describe(Fields& fields);
  };

  /// @throws UserError for what parse_npy_header refuses, for rows that are no points of the domain's R^d,
  /// and for the first row with a number that is not finite.
  Npy(const DatasetContext& context, const Options& options);
};

/// The whole array [n, ...] of a file, float32 or float64, as a view of the mapped file, which lives as long
/// as the tensor does. A pass over the file has found every number finite and has left no pages behind.
torch::Tensor map_npy(const std::string& path);

}  // namespace ebm
