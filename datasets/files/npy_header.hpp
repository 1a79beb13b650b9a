#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ebm {

/// What the beginning of a NumPy file says of its numbers.
struct NpyHeader {
  char kind = 'f';                  ///< f floating, i signed, u unsigned, b boolean
  std::int64_t item_size = 8;       ///< bytes
  bool big_endian = false;          ///< never of single bytes
  bool fortran_order = false;       ///< the first index is the fastest; never of one side alone
  std::vector<std::int64_t> shape;  ///< at least one side, none of them zero
  std::size_t data_offset = 0;      ///< bytes before the first number

  std::int64_t rows() const { return shape.front(); }  ///< the first side
  std::int64_t columns() const;                        ///< numbers in a row: the product of the other sides

  /// Whether the file has, byte by byte, what memory would have: float32 or float64, aligned.
  bool is_plain() const;
  std::string type() const;  ///< "float32", "uint8", "bool"
};

/// Parses versions 1, 2 and 3 of the format (numpy.lib.format), and compares with the size of the file.
/// @param bytes  of the whole file; only the header is looked at @param name  of the file, for messages
/// @throws UserError for what is no such file, for what is no array of real numbers (objects, records,
/// complex numbers, texts, dates), for a single number without sides, and for data that are more or fewer
/// than the shape says.
NpyHeader parse_npy_header(std::string_view bytes, const std::string& name);

}  // namespace ebm
