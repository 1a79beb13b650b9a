#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "dualebm/framework/compute/random.hpp"
#include "dualebm/framework/problem/dataset.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// How rows of a file are divided into train, validation and test, whatever the format of the file.
struct SplitOptions {
  std::string split;  ///< file with header "row,split", row from 0, split train, val or test; empty: random
  double validation_share = 0.1;  ///< for a random split
  double test_share = 0.1;        ///< for a random split
  void describe(Fields& fields);
};

/// Which rows of a file points are.
struct FileRows {
  std::vector<std::int64_t> kept;  ///< their numbers in the file, from 0, ascending
  std::int64_t count = 0;          ///< rows of the file

  /// Every row of a file of so many.
  static FileRows all(std::int64_t count);
};

/// Every row goes to exactly one part, copied; where nothing is held out they keep the order of the file. Of
/// points in a mapped file only the rows that are taken are read. A split file names rows of the file of the
/// data, counted before any is left out for its label or a gap.
/// @param points [n, d] @param rows  n of them
/// @throws UserError naming file and line if a split file misses, repeats or does not know a row, and if no
/// row is left to train on.
Dataset split_rows(const torch::Tensor& points, const FileRows& rows, const SplitOptions& options,
                   Random& random);

/// The same for points that are all the rows of their file.
Dataset split_rows(const torch::Tensor& points, const SplitOptions& options, Random& random);

/// The first `train` rows, the next `validation` rows and the rest, as views: nothing is copied.
Dataset parts_of(const torch::Tensor& points, std::int64_t train, std::int64_t validation);

}  // namespace ebm
