#pragma once

#include "dualebm/datasets/split.hpp"
#include "dualebm/framework/problem/dataset.hpp"

namespace ebm {

/// Any table of numbers in a CSV file: every column but the label is a coordinate, in the order of the file.
///
/// Rows need not lie on the domain; a transform may take them there.
struct TableCsv final : Dataset {
  struct Options : SplitOptions {
    std::string path;                 ///< of the file
    bool header = true;               ///< whether its first row names the columns
    std::string label;                ///< column that is no coordinate; empty: none
    std::string keep_label;           ///< only rows with exactly this label; empty: all
    std::vector<std::int64_t> image;  ///< {channels, height, width}; empty: rows are no images
    void describe(Fields& fields);
  };

  /// @throws UserError naming file, line and column of what is no number, and if the number of columns is not
  /// the domain's.
  TableCsv(const DatasetContext& context, const Options& options);
};

}  // namespace ebm
