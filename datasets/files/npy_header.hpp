#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ebm {

/// What the beginning of a NumPy file says: its numbers are little-endian, of one floating type, in C order.
struct NpyHeader {
  std::int64_t item_size = 8;       ///< 4 for float32, 8 for float64
  std::vector<std::int64_t> shape;  ///< at least two sides, none of them zero
  std::size_t data_offset = 0;      ///< bytes before the first number, a multiple of item_size

  std::int64_t rows() const { return shape.front(); }  ///< the first side
  std::int64_t columns() const;                        ///< numbers in a row: the product of the other sides
};

/// Parses versions 1, 2 and 3 of the format (numpy.lib.format), and compares with the size of the file.
/// @param bytes  of the whole file; only the header is looked at @param name  of the file, for messages
/// @throws UserError for what is no such file, for Fortran order, other types of numbers (objects, records,
/// integers, big-endian), fewer than two sides, and data that are more or fewer than the shape says.
NpyHeader parse_npy_header(std::string_view bytes, const std::string& name);

}  // namespace ebm
