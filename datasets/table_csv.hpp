#pragma once

#include "dualebm/datasets/split.hpp"
#include "dualebm/datasets/table_format.hpp"

namespace ebm {

/// What read_table_csv reads.
struct TableCsvOptions : SplitOptions, TableFormat {
  std::string path;                  ///< a file of text, packed by gzip or not
  std::vector<std::string> columns;  ///< coordinates in this order; empty: all
  std::vector<std::string> drop;     ///< columns that are left out
  std::string label;                 ///< column that is no coordinate; empty: none
  std::string keep_label;            ///< only rows with exactly this label; empty: all
  std::vector<std::int64_t> image;   ///< {channels, height, width}; empty: rows are no images
  void describe(Fields& fields);
};

/// Any table of numbers in a file of text: every column but the label is a coordinate, in the order of the
/// file, or those that are named.
///
/// Rows need not lie on the domain; a transform may take them there.
/// @throws UserError naming file, line and column of what is no number, and if the number of columns is not
/// the domain's.
Dataset read_table_csv(const DatasetContext& context, const TableCsvOptions& options);

/// The columns that such a file has as coordinates, for whoever wants their number before there is a domain.
std::vector<std::string> columns_of(const TableCsvOptions& options);

}  // namespace ebm
