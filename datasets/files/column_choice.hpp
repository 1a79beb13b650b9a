#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dualebm/datasets/files/csv_reader.hpp"

namespace ebm {

/// Which columns of a table are wanted.
struct ColumnOptions {
  std::vector<std::string> columns;  ///< coordinates in this order; empty: all that are left
  std::vector<std::string> drop;     ///< left out
  std::string label;                 ///< no coordinate but the class of a row; empty: none
};

/// The columns of a table by their part, as places from 0.
struct ColumnChoice {
  std::vector<std::size_t> numbers;   ///< the coordinates, in their order
  std::optional<std::size_t> label;   ///< the class of a row, if it has one
  std::vector<std::size_t> counting;  ///< without a name, and only the number of the row: left out
  std::vector<std::size_t> empty;     ///< without a name and without values: left out
};

/// Chooses by name, whatever its case. Where no columns are named: all but the label and those to drop, and
/// but for columns without a name that number the rows or are empty, as spreadsheets and pandas write them.
/// @throws UserError for a name that is not there, or twice, and for columns of text, all by name, with the
/// option that leaves them out.
ColumnChoice choose_columns(const CsvReader& reader, const ColumnOptions& options);

/// Latitude and longitude, in this order: by name, or where that is empty by their usual names.
ColumnChoice choose_lat_lon(const CsvReader& reader, const std::string& latitude,
                            const std::string& longitude);

}  // namespace ebm
