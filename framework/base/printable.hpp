#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ebm {

/// A piece of a file as a message can show it on one line: control characters and bytes that are no UTF-8 as
/// \xNN; what would be taken for a blank, a minus or nothing at all (non-breaking blanks, U+2212, byte order
/// marks) as \uNNNN; and no more than `limit` bytes, never half of a UTF-8 character.
std::string printable(std::string_view text, std::size_t limit = 60);

}  // namespace ebm
