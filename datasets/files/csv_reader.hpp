#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "dualebm/datasets/files/dialect.hpp"

namespace ebm {

/// Reads a table of fields row by row, in whatever dialect it is written: delimiter, decimal comma, comments,
/// header and encoding are recognised unless the options say them.
///
/// Nothing is dropped: a ragged row and a stray or unclosed quote are errors with file and line; comments and
/// blank lines are counted. Columns without a name are called x0, x1, ... by their place.
class CsvReader {
 public:
  /// @param bytes  of the whole file, unpacked
  /// @throws UserError for what is no text, by the name of what it is, and for a file without rows.
  CsvReader(std::filesystem::path path, std::string bytes, const DialectOptions& options = {});
  CsvReader(CsvReader&&) = default;             ///< goes on where the other stood
  CsvReader& operator=(CsvReader&&) = default;  ///< likewise

  /// Of the file.
  const std::filesystem::path& path() const { return path_; }
  /// Names of the columns.
  const std::vector<std::string>& header() const { return header_; }
  /// How the table is written, as given or recognised.
  const Dialect& dialect() const { return dialect_; }

  /// Whether the file itself gives the column no name.
  bool is_nameless(std::size_t column) const { return nameless_[column]; }

  /// Goes on to the next row; false after the last.
  bool next();

  /// The current row.
  const std::vector<std::string>& fields() const { return scanner_.fields(); }

  /// The line, from 1, on which the current row begins.
  std::size_t line() const { return scanner_.line(); }

  /// Start of a message about the current row: "FILE:LINE".
  std::string place() const;

  /// A field of the current row as a finite number. @throws UserError naming file, line and column.
  double number(std::size_t column) const;

  /// The first rows of the table, of the header's length, without changing what `next` gives.
  std::vector<std::vector<std::string>> sample(std::size_t rows) const;

  /// How the table is written: ";", decimal comma, header, UTF-16, and what was passed over so far:
  /// 3 comment lines, 1 blank line.
  std::string description() const;

 private:
  void read_header();
  void take_names(std::vector<std::string> names);
  std::vector<std::string> names_in_comment(std::size_t width) const;

  std::filesystem::path path_;
  std::string encoding_;
  std::shared_ptr<const std::string>
      text_;  ///< stays where it is when the reader moves: the scanner looks at it
  Dialect dialect_;
  RowScanner scanner_;
  enum class Header { row, comment, none } named_by_ = Header::row;
  bool pending_ = false;  ///< the first row has been read and not yet been asked for
  std::size_t header_line_ = 1, rows_ = 0;
  std::vector<std::string> header_;
  std::vector<bool> nameless_;
};

/// A finite number, and nothing else. @param place  start of the message: "FILE:LINE"
double csv_number(const std::string& text, const std::string& column, const std::string& place,
                  bool decimal_comma = false);

}  // namespace ebm
