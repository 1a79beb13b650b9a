#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dualebm/datasets/files/npy_header.hpp"

namespace ebm {

/// The numbers of a NumPy file of any type and order, row by row (in C order), as doubles.
/// @param bytes  of the whole file, which the header was read from
/// @throws UserError naming the place of an integer that no double can hold.
std::vector<double> npy_values(std::string_view bytes, const NpyHeader& header, const std::string& name);

/// Refuses numbers that are not finite, by their row.
/// @param columns  numbers in a row @param first  place of the first one among all, for messages
template <class Number>
void require_finite(const Number* numbers, std::size_t count, std::size_t first, std::size_t columns,
                    const std::string& name);

}  // namespace ebm
