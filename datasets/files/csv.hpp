#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "dualebm/datasets/files/csv_reader.hpp"

namespace ebm {

/// A table as text: names of columns, then rows of as many fields.
struct CsvTable {
  std::filesystem::path path;                  ///< of the file, for messages
  std::vector<std::string> header;             ///< names of the columns
  std::vector<std::vector<std::string>> rows;  ///< of as many fields as the header has
  std::vector<std::size_t> lines;              ///< on which each row begins, from 1
  bool decimal_comma = false;                  ///< whether 1,5 is a number

  /// Index of the one column of this name, whatever its case.
  /// @throws UserError naming the header's own names.
  std::size_t column(const std::string& name) const;

  /// One field as a finite number. @throws UserError naming file, line and column.
  double number(std::size_t row, std::size_t column) const;

  /// Start of a message about a row: "FILE:LINE".
  std::string place(std::size_t row) const;
};

/// Reads a whole file, packed by gzip or not. A file without rows is an error, and whatever CsvReader
/// refuses.
CsvTable read_csv(const std::filesystem::path& path);

/// The rows that a reader still has.
CsvTable read_csv(CsvReader reader);

}  // namespace ebm
