#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "dualebm/framework/compute/instruction_set.hpp"

#if EBM_HAS_INSTRUCTION_SETS
#include <immintrin.h>  // declares the builtins below
#endif

/// Vectors of numbers whose width in bytes is a template argument: one source of a kernel serves every
/// instruction set. Of the arithmetic only what IEEE 754 rounds in one way is here, so that a kernel compiled
/// with -ffp-contract=off computes the same bits everywhere.
namespace ebm::vectors {

template <class T, int bytes>
struct VectorOf {
  typedef T type __attribute__((vector_size(bytes)));
};
template <class T, int bytes>
using Vector = typename VectorOf<T, bytes>::type;

template <class T, int bytes>
constexpr int lanes = bytes / static_cast<int>(sizeof(T));

/// Integers as wide as Real.
template <class Real>
using Unsigned = std::conditional_t<sizeof(Real) == 4, std::uint32_t, std::uint64_t>;
template <class Real>
using Signed = std::make_signed_t<Unsigned<Real>>;

/// The same bits as another type of vector.
template <class To, class From>
EBM_INLINE To bits_as(From from) {
  static_assert(sizeof(To) == sizeof(From));
  return reinterpret_cast<To>(from);
}

template <class V, class T>
EBM_INLINE V load(const T* numbers) {
  V vector;
  std::memcpy(&vector, numbers, sizeof(vector));
  return vector;
}

template <class T, class V>
EBM_INLINE void store(V vector, T* out) {
  std::memcpy(out, &vector, sizeof(vector));
}

/// The product of the low halves of 64-bit lanes, whatever is in the high half of `a`.
/// @tparam Long  a vector of std::uint64_t, or one alone @param b  below 2^32
template <class Long>
EBM_INLINE Long multiply_low(Long a, std::uint32_t b) {
#if EBM_HAS_INSTRUCTION_SETS
  constexpr int bytes = sizeof(Long);
  // GCC knows no way to say it in general vectors: it multiplies whole lanes, in three multiplications.
  if constexpr (bytes > sizeof(std::uint64_t)) {
    using Ints = Vector<int, bytes>;
    const auto factors = bits_as<Ints>(Long{} + b), numbers = bits_as<Ints>(a);
    if constexpr (bytes == 64) {
      const Vector<long long, 64> unused{};
      return bits_as<Long>(
          __builtin_ia32_pmuludq512_mask(numbers, factors, unused, static_cast<__mmask8>(-1)));
    } else if constexpr (bytes == 32) {
      return bits_as<Long>(__builtin_ia32_pmuludq256(numbers, factors));
    } else {
      return bits_as<Long>(__builtin_ia32_pmuludq128(numbers, factors));
    }
  }
#endif
  return (a & 0xffffffffU) * b;
}

template <class Real, int bytes>
EBM_INLINE Vector<Real, bytes> square_root(Vector<Real, bytes> x) {
#if EBM_HAS_INSTRUCTION_SETS
  constexpr int nearest = 4;  // the current direction of rounding
  if constexpr (bytes == 64 && sizeof(Real) == 4) {
    return __builtin_ia32_sqrtps512_mask(x, x, static_cast<__mmask16>(-1), nearest);
  } else if constexpr (bytes == 64) {
    return __builtin_ia32_sqrtpd512_mask(x, x, static_cast<__mmask8>(-1), nearest);
  } else if constexpr (bytes == 32 && sizeof(Real) == 4) {
    return __builtin_ia32_sqrtps256(x);
  } else if constexpr (bytes == 32) {
    return __builtin_ia32_sqrtpd256(x);
  } else if constexpr (sizeof(Real) == 4) {
    return __builtin_ia32_sqrtps(x);
  } else {
    return __builtin_ia32_sqrtpd(x);
  }
#else
  for (int i = 0; i < lanes<Real, bytes>; ++i) {
    if constexpr (sizeof(Real) == 4) {
      x[i] = __builtin_sqrtf(x[i]);
    } else {
      x[i] = __builtin_sqrt(x[i]);
    }
  }
  return x;
#endif
}

/// Signed integers rounded to the nearest Real.
template <class Real, int bytes>
EBM_INLINE Vector<Real, bytes> to_real(Vector<Signed<Real>, bytes> integers) {
  if constexpr (sizeof(Real) == 4) {
    return __builtin_convertvector(integers, Vector<float, bytes>);
  } else {
    // There is no such instruction before AVX-512. The halves are put behind the leading bits of 2^84 + 2^63
    // and 2^52, whose last places count 2^32 and 1; the difference is exact, the sum is rounded once.
    using Long = Vector<std::uint64_t, bytes>;
    const Long bits = bits_as<Long>(integers);
    const Long high = (bits >> 32) ^ 0x4530000080000000U;
    const Long low = (bits & 0xffffffffU) | 0x4330000000000000U;
    constexpr double excess = 0x1p84 + 0x1p63 + 0x1p52;
    using Reals = Vector<double, bytes>;
    return (bits_as<Reals>(high) - excess) + bits_as<Reals>(low);
  }
}

}  // namespace ebm::vectors
