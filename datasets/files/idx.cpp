#include "dualebm/datasets/files/idx.hpp"

#include <fmt/ranges.h>

#include "dualebm/framework/base/error.hpp"

namespace ebm {

Idx parse_idx(std::string bytes, const std::string& name, std::size_t sides) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  require(bytes.size() >= 4 && byte(0) == 0 && byte(1) == 0,
          "{}: not an IDX file: it must begin with two zero bytes", name);
  constexpr int unsigned_byte = 0x08;
  require(byte(2) == unsigned_byte, "{}: values of type 0x{:02x}; 0x08, unsigned byte, is needed", name,
          byte(2));
  require(byte(3) == sides, "{}: an array with {} sides; {} {} needed", name, byte(3), sides,
          sides == 1 ? "is" : "are");
  const auto start = 4 + 4 * sides;
  require(bytes.size() >= start, "{}: truncated: the file ends within its header", name);
  Idx array;
  const auto found = static_cast<std::int64_t>(bytes.size() - start);
  for (std::size_t at = 4; at < start; at += 4) {
    array.shape.push_back(std::int64_t{byte(at)} << 24 | byte(at + 1) << 16 | byte(at + 2) << 8 |
                          byte(at + 3));
  }
  const auto shape = fmt::format("({})", fmt::join(array.shape, ", "));
  for (const auto side : array.shape)
    require(side > 0, "{}: has shape {}: there is nothing in it", name, shape);
  // As long as the product stays within the file nothing overflows.
  std::int64_t needed = 1;
  for (const auto side : array.shape) {
    require(needed <= found / side, "{}: truncated: shape {} needs more than the {} bytes of values", name,
            shape, found);
    needed *= side;
  }
  require(needed == found, "{}: shape {} takes {} bytes, the file has {}", name, shape, needed, found);
  array.values = std::move(bytes.erase(0, start));
  return array;
}

}  // namespace ebm
