#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ebm {

/// Text in UTF-8, and how the file had it.
struct DecodedText {
  std::string text;      ///< without byte order marks
  std::string encoding;  ///< "UTF-16" or "Latin-1"; empty for UTF-8
};

/// Recognises UTF-8, UTF-16 of both orders of bytes, with a byte order mark or without, and takes what is
/// none of them for Latin-1 (ISO 8859-1). Byte order marks go wherever they stand: files that were put
/// together have them in the middle.
/// @param name  of the file, for messages
/// @throws UserError for a zero byte in what is no UTF-16, for UTF-32 and for damaged UTF-16.
DecodedText decode_text(std::string bytes, const std::string& name);

/// The number of bytes of the blank at `at`, 0 if there is none: space, tab and the blanks of Unicode
/// (no-break space, thin space, ...), but no end of a line.
std::size_t blank_at(std::string_view text, std::size_t at);

/// Without blanks at either end.
std::string_view trimmed(std::string_view text);

}  // namespace ebm
