#pragma once

#include "dualebm/datasets/split.hpp"
#include "dualebm/framework/problem/dataset.hpp"

namespace ebm {

/// What read_npy reads.
struct NpyOptions : SplitOptions {
  std::string path;             ///< of the array; rows are points
  std::string array;            ///< of a .npz with several; empty: the only one
  std::string validation_path;  ///< empty: a share of `path`
  std::string test_path;        ///< empty: a share of `path`
  void describe(Fields& fields);
};

/// Rows of a NumPy array: .npy, mapped where it can be, .npz, or either packed by gzip.
///
/// An array [n] is n points of R, [n, h, w] or [n, c, h, w] are n images; sides after the first are
/// flattened. Parts are drawn as for every other file, and are copies; where nothing is held out of a file,
/// because the shares are 0 or the parts have files of their own, its rows stay where they are, in their
/// order, and a mapped file may be larger than the memory.
/// @throws UserError for what parse_npy_header refuses, for rows that are no points of the domain's R^d,
/// and for the first row with a number that is not finite.
Dataset read_npy(const DatasetContext& context, const NpyOptions& options);

/// The whole array [n, ...] of a file. Of a .npy of float32 or float64 in C order and the bytes' order of
/// this machine it is a view of the mapped file, which lives as long as the tensor does; a pass over the file
/// has found every number finite and has left no pages behind. Everything else comes as float64.
/// @param array  name within a .npz; empty elsewhere
torch::Tensor load_npy(const std::string& path, const std::string& array = "");

/// How many numbers a row of the file has, for whoever wants to know before there is a domain.
std::int64_t dimension_of(const NpyOptions& options);

}  // namespace ebm
