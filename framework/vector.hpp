#pragma once

#include <cstdint>
#include <cstring>
#include <utility>

#define EBM_INLINE inline __attribute__((always_inline))

namespace ebm {

/// `bytes / sizeof(Real)` numbers that one instruction works on, and the few operations on them that the
/// compiler's vector extension lacks.
///
/// The type knows no instruction set: functions of it are inlined into the entry of a kernel, which is
/// compiled once for each (see instruction_set.hpp).
template <class Real_, int bytes>
struct Vectors {
  using Real = Real_;
  typedef Real Vector __attribute__((vector_size(bytes)));
  using Indices = std::make_integer_sequence<int, bytes / static_cast<int>(sizeof(Real))>;
  static constexpr int lanes = bytes / static_cast<int>(sizeof(Real));

  static EBM_INLINE Vector load(const Real* numbers) {
    Vector v;
    std::memcpy(&v, numbers, bytes);
    return v;
  }

  static EBM_INLINE void store(Real* numbers, Vector v) { std::memcpy(numbers, &v, bytes); }

  /// The same number in every lane (-0 as 0). An addition, since GCC turns it into the one instruction for this.
  static EBM_INLINE Vector broadcast(Real number) { return Vector{} + number; }

  /// max(v, 0), which keeps what is not a number.
  static EBM_INLINE Vector positive_part(Vector v) { return v <= Vector{} ? Vector{} : v; }

  /// Rows of a square become its columns: log2(lanes) passes, each of which interleaves row i with row i +
  /// lanes/2.
  static EBM_INLINE void transpose(Vector* rows) {
    Vector next[lanes];
#pragma GCC unroll 8
    for (int size = 1; size < lanes; size *= 2) {
#pragma GCC unroll 16
      for (int i = 0; i < lanes / 2; ++i) {
        next[2 * i] = interleave<0>(rows[i], rows[i + lanes / 2], Indices{});
        next[2 * i + 1] = interleave<lanes / 2>(rows[i], rows[i + lanes / 2], Indices{});
      }
#pragma GCC unroll 16
      for (int i = 0; i < lanes; ++i) rows[i] = next[i];
    }
  }

 private:
  template <int from, int... i>
  static EBM_INLINE Vector interleave(Vector a, Vector b, std::integer_sequence<int, i...>) {
    return __builtin_shufflevector(a, b, (from + i / 2 + i % 2 * lanes)...);
  }
};

}  // namespace ebm
