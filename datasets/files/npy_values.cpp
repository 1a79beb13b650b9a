#include "dualebm/datasets/files/npy_values.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

static_assert(std::endian::native == std::endian::little);

/// IEEE 754 binary16.
double half(std::uint16_t bits) {
  const int exponent = bits >> 10 & 0x1f, fraction = bits & 0x3ff;
  double value = 0;
  if (exponent == 0x1f) {
    value =
        fraction == 0 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  } else if (exponent == 0) {
    value = std::ldexp(fraction, -24);
  } else {
    value = std::ldexp(0x400 | fraction, exponent - 25);
  }
  return bits & 0x8000 ? -value : value;
}

/// The bytes of one number, least significant first, at the end of eight.
std::uint64_t bits_at(const char* bytes, std::int64_t size, bool big_endian) {
  std::uint64_t bits = 0;
  for (std::int64_t byte = 0; byte < size; ++byte) {
    const auto from = big_endian ? byte : size - 1 - byte;
    bits = bits << 8 | static_cast<unsigned char>(bytes[from]);
  }
  return bits;
}

double value_of(std::uint64_t bits, const NpyHeader& header) {
  const auto size = header.item_size;
  if (header.kind == 'f') {
    if (size == 2) return half(static_cast<std::uint16_t>(bits));
    if (size == 4) return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    return std::bit_cast<double>(bits);
  }
  if (header.kind == 'b') return bits != 0;
  if (header.kind == 'u') return static_cast<double>(bits);
  const auto unused = static_cast<unsigned>(64 - 8 * size);
  return static_cast<double>(static_cast<std::int64_t>(bits << unused) >> unused);
}

/// Every integer up to 2^53 is a double; of those beyond, some are not.
bool is_exact(std::uint64_t bits, double value, const NpyHeader& header) {
  constexpr double two_to_63 = 9223372036854775808.0;
  if (header.item_size < 8 || header.kind == 'f' || header.kind == 'b') return true;
  if (header.kind == 'u') return value < 2 * two_to_63 && static_cast<std::uint64_t>(value) == bits;
  return value < two_to_63 && static_cast<std::uint64_t>(static_cast<std::int64_t>(value)) == bits;
}

/// Goes through an array in C order and says where each number is in Fortran order.
class FortranPlaces {
 public:
  explicit FortranPlaces(const std::vector<std::int64_t>& shape) : shape_(shape), index_(shape.size(), 0) {
    std::size_t stride = 1;
    for (const auto side : shape) {
      strides_.push_back(stride);
      stride *= static_cast<std::size_t>(side);
    }
  }

  std::size_t place() const { return place_; }

  void advance() {
    for (auto axis = shape_.size(); axis-- > 0;) {
      place_ += strides_[axis];
      if (++index_[axis] < shape_[axis]) return;
      place_ -= strides_[axis] * static_cast<std::size_t>(shape_[axis]);
      index_[axis] = 0;
    }
  }

 private:
  const std::vector<std::int64_t>& shape_;
  std::vector<std::int64_t> index_;
  std::vector<std::size_t> strides_;
  std::size_t place_ = 0;
};

}  // namespace

std::vector<double> npy_values(std::string_view bytes, const NpyHeader& header, const std::string& name) {
  const auto columns = static_cast<std::size_t>(header.columns());
  const auto size = static_cast<std::size_t>(header.item_size);
  std::vector<double> values(static_cast<std::size_t>(header.rows()) * columns);
  FortranPlaces places(header.shape);
  for (std::size_t at = 0; at < values.size(); ++at) {
    const auto place = header.fortran_order ? places.place() : at;
    if (header.fortran_order) places.advance();
    const auto bits =
        bits_at(bytes.data() + header.data_offset + place * size, header.item_size, header.big_endian);
    values[at] = value_of(bits, header);
    if (!is_exact(bits, values[at], header)) {
      fail(
          "{}: row {}, number {} of it (from 0) is an integer that no double can hold; take differences to a "
          "number near it",
          name, at / columns, at % columns);
    }
  }
  return values;
}

template <class Number>
void require_finite(const Number* numbers, std::size_t count, std::size_t first, std::size_t columns,
                    const std::string& name) {
  bool finite = true;  // first without a branch a number, which is several times quicker
  for (std::size_t i = 0; i < count; ++i) finite &= numbers[i] - numbers[i] == 0;
  for (std::size_t i = 0; !finite && i < count; ++i) {
    if (std::isfinite(numbers[i])) continue;
    fail("{}: row {}, number {} of it (from 0) is {}", name, (first + i) / columns, (first + i) % columns,
         static_cast<double>(numbers[i]));
  }
}

template void require_finite(const float*, std::size_t, std::size_t, std::size_t, const std::string&);
template void require_finite(const double*, std::size_t, std::size_t, std::size_t, const std::string&);

}  // namespace ebm
