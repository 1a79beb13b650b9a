#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ebm {

/// A CSV file as text: a header line, then rows of as many fields. Fields are trimmed of blanks.
struct CsvTable {
  std::filesystem::path path;
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;

  /// Index of the first of the given names that the header has. @throws UserError naming the header's own
  /// names.
  std::size_t column(const std::vector<std::string>& names) const;

  /// One field as a finite number. @throws UserError naming file, line and column.
  double number(std::size_t row, std::size_t column) const;

  /// Start of a message about a row: "FILE:LINE".
  std::string place(std::size_t row) const;
};

/// Reads a whole file. Nothing is dropped: a ragged or blank row, a file without rows, are errors with file
/// and line.
CsvTable read_csv(const std::filesystem::path& path);

}  // namespace ebm
