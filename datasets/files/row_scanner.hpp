#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ebm {

/// What is no row of a table, counted.
struct SkippedLines {
  std::size_t comments = 0, blanks = 0;  ///< lines of each kind that were passed over
  std::string last_comment;              ///< its text after the mark
  std::string last_mark;                 ///< the mark that it began with
};

/// Cuts a text into rows of fields (RFC 4180, with any delimiter).
///
/// A line ends with LF, CR LF or CR. A field between quotes may hold delimiters, ends of lines and doubled
/// quotes; other fields are trimmed of blanks. Blank lines and lines that begin with a mark of comments are
/// passed over and counted. A stray or unclosed quote is an error with file and line.
class RowScanner {
 public:
  /// @param text  in UTF-8, outlives the scanner @param name  of the file, for messages
  /// @param delimiter  one byte; ' ' stands for runs of blanks, and blanks at either
  ///   end of a row mean nothing
  /// @param comments  what a line begins with, after blanks, that is no row
  RowScanner(std::string_view text, std::string name, char delimiter, std::vector<std::string> comments);

  /// Passes over the first lines, whatever they hold.
  void skip_lines(std::size_t count);

  /// In a table of one column a blank line in the middle is a gap and no blank line.
  void keep_blank_lines() { blank_lines_are_rows_ = true; }

  /// Goes on to the next row; false after the last.
  bool next();

  const std::vector<std::string>& fields() const { return fields_; }  ///< the current row
  std::size_t line() const { return row_line_; }            ///< from 1, on which the current row begins
  const SkippedLines& skipped() const { return skipped_; }  ///< so far

 private:
  bool at_line_end() const;
  void end_line();
  void skip_blanks();
  bool pass_over_line();
  bool read_field(std::string& field);
  void read_quoted(std::string& field);
  bool at_delimiter();

  std::string_view text_;
  std::string name_;
  char delimiter_;
  std::vector<std::string> comments_;
  bool blank_lines_are_rows_ = false;
  std::size_t position_ = 0, line_ = 1, row_line_ = 1;
  SkippedLines skipped_;
  std::vector<std::string> fields_;
};

/// "comma", "semicolon", "tab", "pipe", "blank", or the character itself.
std::string delimiter_name(char delimiter);

}  // namespace ebm
