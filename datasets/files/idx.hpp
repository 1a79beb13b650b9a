#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ebm {

/// An array of bytes in the IDX format, that of MNIST: two zero bytes, the type, the number of sides, each
/// side as four bytes, most significant first; then the values, the last index fastest.
///
/// Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits", section "File formats".
struct Idx {
  std::vector<std::int64_t> shape;  ///< its sides
  std::string values;               ///< unsigned bytes, as many as the shape says
};

/// @param bytes  of the whole file, unpacked @param name  of the file, for messages
/// @param sides  how many the file must have: 3 for images, 1 for labels
/// @throws UserError for what is no such file, another type than unsigned byte, another number of sides, an
/// empty array, and values that are more or fewer than the shape says.
Idx parse_idx(std::string bytes, const std::string& name, std::size_t sides);

}  // namespace ebm
