#include "dualebm/datasets/files/idx.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "dualebm/datasets/files/file_kind.hpp"
#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

std::size_t size_of(IdxType type) {
  switch (type) {
    case IdxType::unsigned_byte:
    case IdxType::signed_byte:
      return 1;
    case IdxType::int16:
      return 2;
    case IdxType::int32:
    case IdxType::float32:
      return 4;
    case IdxType::float64:
      return 8;
  }
  return 0;
}

template <class Number>
double number_at(const std::string& values, std::size_t at) {
  Number number;
  std::memcpy(&number, values.data() + at * sizeof(Number), sizeof(Number));
  return static_cast<double>(number);
}

/// The shape, checked against the number of bytes that follow it.
std::vector<std::int64_t> read_shape(const std::string& bytes, std::size_t start, std::size_t item,
                                     const std::string& name) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  std::vector<std::int64_t> sides;
  for (std::size_t at = 4; at < start; at += 4) {
    sides.push_back(std::int64_t{byte(at)} << 24 | byte(at + 1) << 16 | byte(at + 2) << 8 | byte(at + 3));
  }
  const auto shape = fmt::format("({})", fmt::join(sides, ", "));
  for (const auto side : sides) require(side > 0, "{}: has shape {}: there is nothing in it", name, shape);
  // As long as the product stays within the file nothing overflows.
  const auto found = static_cast<std::int64_t>(bytes.size() - start);
  auto needed = static_cast<std::int64_t>(item);
  for (const auto side : sides) {
    require(needed <= found / side, "{}: truncated: shape {} needs more than the {} bytes of values", name,
            shape, found);
    needed *= side;
  }
  require(needed == found, "{}: shape {} takes {} bytes, the file has {}", name, shape, needed, found);
  return sides;
}

}  // namespace

std::size_t Idx::size() const { return values.size() / size_of(type); }

double Idx::value(std::size_t at) const {
  switch (type) {
    case IdxType::unsigned_byte:
      return number_at<std::uint8_t>(values, at);
    case IdxType::signed_byte:
      return number_at<std::int8_t>(values, at);
    case IdxType::int16:
      return number_at<std::int16_t>(values, at);
    case IdxType::int32:
      return number_at<std::int32_t>(values, at);
    case IdxType::float32:
      return number_at<float>(values, at);
    case IdxType::float64:
      return number_at<double>(values, at);
  }
  return 0;
}

Idx parse_idx(std::string bytes, const std::string& name, std::size_t least, std::size_t most) {
  require_no_archive(bytes, name);
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  require(bytes.size() >= 4 && byte(0) == 0 && byte(1) == 0,
          "{}: not an IDX file: it must begin with two zero bytes", name);
  Idx array;
  array.type = static_cast<IdxType>(byte(2));
  const auto item = size_of(array.type);
  require(
      item > 0,
      "{}: values of type 0x{:02x}; 0x08 (unsigned byte), 0x09 (signed byte), 0x0b (int16), 0x0c (int32), "
      "0x0d (float32) and 0x0e (float64) are known",
      name, byte(2));
  const std::size_t sides = byte(3);
  require(sides >= least && sides <= most, "{}: an array with {} side{}; {} needed", name, sides,
          sides == 1 ? "" : "s",
          least == most ? fmt::format("{} is", least) : fmt::format("{} to {} are", least, most));
  const auto start = 4 + 4 * sides;
  require(bytes.size() >= start, "{}: truncated: the file ends within its header", name);
  array.shape = read_shape(bytes, start, item, name);
  array.values = std::move(bytes.erase(0, start));
  static_assert(std::endian::native == std::endian::little);
  for (std::size_t at = 0; item > 1 && at < array.values.size(); at += item) {
    std::reverse(array.values.begin() + static_cast<std::ptrdiff_t>(at),
                 array.values.begin() + static_cast<std::ptrdiff_t>(at + item));
  }
  const bool floating = array.type == IdxType::float32 || array.type == IdxType::float64;
  for (std::size_t at = 0; floating && at < array.size(); ++at) {
    if (!std::isfinite(array.value(at))) fail("{}: value {} (from 0) is {}", name, at, array.value(at));
  }
  return array;
}

}  // namespace ebm
