#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ebm {

/// Reads a table of comma-separated fields row by row (RFC 4180).
///
/// A field between quotes may hold commas, line ends and doubled quotes; other fields are trimmed of blanks.
/// Nothing is dropped: a ragged or blank row and a stray or unclosed quote are errors with file and line.
class CsvReader {
 public:
  /// @param text  of the whole file @param header  whether its first row names the columns; otherwise they
  /// are called x0, x1, ...
  CsvReader(std::filesystem::path path, std::string text, bool header = true);

  /// Of the file.
  const std::filesystem::path& path() const { return path_; }
  /// Names of the columns.
  const std::vector<std::string>& header() const { return header_; }

  /// Goes on to the next row; false after the last.
  bool next();

  /// Of the current row, as text.
  const std::vector<std::string>& fields() const { return fields_; }

  /// The line, from 1, on which the current row begins.
  std::size_t line() const { return row_line_; }

  /// A field of the current row as a finite number. @throws UserError naming file, line and column.
  double number(std::size_t column) const;

 private:
  bool read_row();
  bool read_field(std::string& field);
  void read_quoted(std::string& field);
  void skip_blanks();

  std::filesystem::path path_;
  std::string text_;
  bool named_;            ///< the file has a header of its own
  bool pending_ = false;  ///< the first row has been read and not yet been asked for
  std::size_t position_ = 0, line_ = 1, row_line_ = 1;
  bool blank_ = false;  ///< the current row is an empty line
  std::vector<std::string> header_, fields_;
};

/// A finite number, and nothing else. @param place  start of the message: "FILE:LINE"
double csv_number(const std::string& text, const std::string& column, const std::string& place);

}  // namespace ebm
