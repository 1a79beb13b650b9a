#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dualebm/datasets/files/row_scanner.hpp"

namespace ebm {

/// What a user may say about the way a table is written; "auto" is recognised.
struct DialectOptions {
  std::string delimiter = "auto";  ///< comma, semicolon, tab, pipe, blank, or one ASCII character
  std::string decimal = "auto";    ///< point or comma
  std::string comment = "auto";  ///< what a comment line begins with; auto: #, % or //; none: there are none
  std::int64_t skip = 0;         ///< lines before the table
  std::string header = "auto";   ///< true or false: whether the first row names the columns
};

/// How a table is written.
struct Dialect {
  char delimiter = ',';               ///< ' ' stands for runs of blanks
  bool decimal_comma = false;         ///< whether 1,5 is a number
  std::vector<std::string> comments;  ///< what a comment line begins with
  std::size_t skip = 0;               ///< lines before the table
  bool header = true;                 ///< the first row names the columns
};

/// A scanner at the first row of the table.
RowScanner scanner_of(std::string_view text, const std::string& name, const Dialect& dialect);

/// Finds out how a table is written, by its first thousand rows: the delimiter that cuts them into rows of
/// one length with most numbers in them; a decimal comma if more numbers have one than have a point; a header
/// if texts stand above numbers.
/// @param name  of the file, for messages
/// @throws UserError where an option is none of its values, and where only the user can know whether the
/// first row is one of names: 0, 1, 2, ... above integers, or numbers and texts mixed.
Dialect recognise_dialect(std::string_view text, const std::string& name, const DialectOptions& options);

}  // namespace ebm
