#pragma once

#include <filesystem>
#include <string>

#include "dualebm/framework/compute/random.hpp"
#include "dualebm/framework/problem/dataset.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// How rows of a file are divided into train, validation and test.
struct SplitOptions {
  std::string split;  ///< file with header "row,split", row from 0, split train, val or test; empty: random
  double validation_share = 0.1;  ///< for a random split
  double test_share = 0.1;        ///< for a random split
  void describe(Fields& fields);
};

/// Every row goes to exactly one part. @param points [n, d]
/// @throws UserError naming file and line if a split file misses, repeats or does not know a row, and if no
/// row is left to train on.
Dataset split_rows(const torch::Tensor& points, const SplitOptions& options, Random& random);

/// The first `train` rows, the next `validation` rows and the rest, as views: nothing is copied.
Dataset parts_of(const torch::Tensor& points, std::int64_t train, std::int64_t validation);

}  // namespace ebm
