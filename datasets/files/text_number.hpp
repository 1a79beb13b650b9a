#pragma once

#include <optional>
#include <string_view>

namespace ebm {

/// A finite number, and nothing else: the nearest double. Beside what std::from_chars reads: a sign +, the
/// minus U+2212, the exponents D and d of Fortran, blanks of Unicode around it. What is too small for a
/// double becomes a denormal number or 0, what is too large is none.
/// @param decimal_comma  1,5 is three halves, and 1.5 is no number
std::optional<double> number_of(std::string_view text, bool decimal_comma = false);

/// Whether a field says that there is no value: empty, ?, NA, N/A, NaN, null, none, -, --, ., *, whatever
/// their case.
bool is_missing(std::string_view text);

}  // namespace ebm
