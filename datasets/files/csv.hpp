#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "dualebm/datasets/files/csv_reader.hpp"

namespace ebm {

/// A CSV file as text: a header line, then rows of as many fields.
struct CsvTable {
  std::filesystem::path path;                  ///< of the file
  std::vector<std::string> header;             ///< names of the columns
  std::vector<std::vector<std::string>> rows;  ///< all of them as text
  std::vector<std::size_t> lines;              ///< on which each row begins, from 1

  /// Index of the first of the given names that the header has. @throws UserError naming the header's own
  /// names.
  std::size_t column(const std::vector<std::string>& names) const;

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

/// The one column called `name`. @throws UserError if the header has none or several of that name
std::size_t csv_column(const CsvReader& reader, const std::string& name);

}  // namespace ebm
