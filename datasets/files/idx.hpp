#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ebm {

/// The types of numbers that an IDX file may have, by the third byte of the file.
enum class IdxType : unsigned char {
  unsigned_byte = 0x08,
  signed_byte = 0x09,
  int16 = 0x0b,
  int32 = 0x0c,
  float32 = 0x0d,
  float64 = 0x0e
};

/// An array in the IDX format, that of MNIST: two zero bytes, the type, the number of sides, each side as
/// four bytes, most significant first; then the values, most significant byte first, the last index fastest.
///
/// Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits", section "File formats".
struct Idx {
  IdxType type = IdxType::unsigned_byte;  ///< of every value
  std::vector<std::int64_t> shape;        ///< at least one side, none of them zero
  std::string values;  ///< in the order of bytes of this machine, as many as the shape says

  std::size_t size() const;            ///< how many values there are
  double value(std::size_t at) const;  ///< the one at this place, from 0, in the order of `values`
};

/// @param bytes  of the whole file, unpacked @param name  of the file, for messages
/// @param least,most  how many sides the file must have: 2 to 4 for rows or images, 1 for labels
/// @throws UserError for what is no such file, another type or number of sides, an empty array, values that
/// are more or fewer than the shape says, and for one that is not finite.
Idx parse_idx(std::string bytes, const std::string& name, std::size_t least, std::size_t most);

}  // namespace ebm
