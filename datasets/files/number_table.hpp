#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "dualebm/datasets/files/column_choice.hpp"

namespace ebm {

/// Which rows of a table are wanted.
struct RowOptions {
  std::string missing = "error";  ///< error or drop: what becomes of a row with a gap
  std::string keep_label;         ///< only rows whose label is exactly this text; empty: all
};

/// The numbers of a table, and where they come from.
struct NumberTable {
  std::filesystem::path path;        ///< of the file, for messages
  std::vector<std::string> columns;  ///< names of the coordinates, in the order of the numbers
  std::vector<double> numbers;       ///< row by row
  std::vector<std::int64_t> rows;    ///< which of the file's rows each is, from 0, before any was left out
  std::vector<std::size_t> lines;    ///< on which each begins, from 1
  std::int64_t rows_in_file = 0;     ///< all of them, with those left out
  /// What was read, in one line: 6120 rows, ";", decimal comma, header, columns lat, lon
  std::string summary;

  /// Start of a message about a row: "FILE:LINE".
  std::string place(std::size_t row) const;
};

/// Reads every row that the reader still has.
/// @throws UserError naming file, line and column for what is no number; for gaps, with their number, unless
/// rows with gaps are to be dropped; if no row is left, with the reason.
NumberTable read_numbers(CsvReader& reader, const ColumnChoice& choice, const RowOptions& options);

}  // namespace ebm
