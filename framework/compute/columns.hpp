#pragma once

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>

#include "dualebm/framework/compute/vector.hpp"

namespace ebm {

/// One type of vectors, as a parameter of kernels that hold rows of a matrix as columns.
template <class Real_, int bytes>
struct Vectors {
  using Real = Real_;
  using Vector = vectors::Vector<Real, bytes>;
  static constexpr int lanes = vectors::lanes<Real, bytes>;

  static EBM_INLINE Vector load(const Real* numbers) { return vectors::load<Vector>(numbers); }
  static EBM_INLINE void store(Real* numbers, Vector v) { vectors::store(v, numbers); }
  static EBM_INLINE Vector square_root(Vector v) { return vectors::square_root<Real, bytes>(v); }

  /// The same number in every lane (-0 as 0). An addition, since GCC turns it into the one instruction for
  /// this.
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

  /// Lane i of the result is the sum of the lanes of vector i, of `lanes` vectors: a transposition that adds
  /// its columns as soon as they arise.
  static EBM_INLINE Vector sums_of_each(Vector* rows) {
#pragma GCC unroll 8
    for (int count = lanes / 2; count > 0; count /= 2) {
#pragma GCC unroll 16
      for (int i = 0; i < count; ++i) {
        rows[i] = interleave<0>(rows[i], rows[i + count], Indices{}) +
                  interleave<lanes / 2>(rows[i], rows[i + count], Indices{});
      }
    }
    return rows[0];
  }

  /// True in the lanes before `count`.
  static EBM_INLINE auto first_lanes(std::int64_t count) {
    vectors::Vector<vectors::Signed<Real>, bytes> index{};
    for (int lane = 0; lane < lanes; ++lane) index[lane] = lane;
    return index < static_cast<vectors::Signed<Real>>(count);
  }

 private:
  using Indices = std::make_integer_sequence<int, lanes>;

  template <int from, int... i>
  static EBM_INLINE Vector interleave(Vector a, Vector b, std::integer_sequence<int, i...>) {
    return __builtin_shufflevector(a, b, (from + i / 2 + i % 2 * lanes)...);
  }
};

/// Uninitialised memory for vectors, then for numbers.
template <class V>
class AlignedMemory {
 public:
  AlignedMemory(std::int64_t vectors, std::int64_t numbers) : vectors_(vectors) {
    const auto bytes = static_cast<std::size_t>(vectors) * sizeof(typename V::Vector) +
                       static_cast<std::size_t>(numbers) * sizeof(typename V::Real);
    memory_.reset(std::aligned_alloc(64, (bytes + 63) / 64 * 64));
    if (!memory_) throw std::bad_alloc();
  }
  typename V::Vector* vectors() const { return static_cast<typename V::Vector*>(memory_.get()); }
  typename V::Real* numbers() const { return reinterpret_cast<typename V::Real*>(vectors() + vectors_); }

 private:
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  std::unique_ptr<void, Free> memory_;
  std::int64_t vectors_;
};

// Kernels hold a group of `lanes` rows as columns, one vector a coordinate. Where a matrix has fewer
// coordinates than a vector has lanes it is read and written across the ends of its rows, group after group
// in ascending order: what a store spills into the next rows is theirs to overwrite. The last groups, which
// have no next rows, go through `stage`.

/// Numbers of a stage for one group.
template <class V>
constexpr std::int64_t stage_size(std::int64_t dimension) {
  return V::lanes * (dimension + 1);
}

/// Whether the group from row `begin` on can be taken across the ends of its rows.
template <class V>
EBM_INLINE bool needs_no_stage(std::int64_t begin, std::int64_t rows, std::int64_t dimension) {
  const auto beyond = std::max<std::int64_t>(0, V::lanes - dimension);
  return (begin + V::lanes) * dimension + beyond <= rows * dimension;
}

/// Where the square number `block` of coordinates begins; the last one overlaps its predecessor rather than
/// end outside.
template <class V>
EBM_INLINE std::int64_t block_begin(std::int64_t block, std::int64_t dimension) {
  const auto begin = block * V::lanes;
  return begin + V::lanes <= dimension ? begin : std::max<std::int64_t>(0, dimension - V::lanes);
}

template <class V>
EBM_INLINE void transpose_rows(const typename V::Real* rows, std::int64_t dimension,
                               typename V::Vector* columns, std::int64_t stride) {
  for (std::int64_t block = 0; block < (dimension + V::lanes - 1) / V::lanes; ++block) {
    const auto begin = block_begin<V>(block, dimension);
    typename V::Vector square[V::lanes];
#pragma GCC unroll 16
    for (int i = 0; i < V::lanes; ++i) square[i] = V::load(rows + i * dimension + begin);
    V::transpose(square);
#pragma GCC unroll 16
    for (int k = 0; k < V::lanes; ++k) {
      if (begin + k < dimension) columns[(begin + k) * stride] = square[k];
    }
  }
}

template <class V>
EBM_INLINE void transpose_columns(const typename V::Vector* columns, std::int64_t stride,
                                  std::int64_t dimension, typename V::Real* rows) {
  for (std::int64_t block = 0; block < (dimension + V::lanes - 1) / V::lanes; ++block) {
    const auto begin = block_begin<V>(block, dimension);
    typename V::Vector square[V::lanes];
#pragma GCC unroll 16
    for (int k = 0; k < V::lanes; ++k) {
      square[k] = begin + k < dimension ? columns[(begin + k) * stride] : typename V::Vector{};
    }
    V::transpose(square);
#pragma GCC unroll 16
    for (int i = 0; i < V::lanes; ++i) V::store(rows + i * dimension + begin, square[i]);
  }
}

/// columns[k * stride] <- coordinate k of the rows from `begin` on; rows beyond the end are zero.
template <class V>
EBM_INLINE void load_group(const typename V::Real* matrix, std::int64_t begin, std::int64_t rows,
                           std::int64_t dimension, typename V::Vector* columns, std::int64_t stride,
                           typename V::Real* stage) {
  const auto* group = matrix + begin * dimension;
  if (!needs_no_stage<V>(begin, rows, dimension)) {
    const auto count = std::min<std::int64_t>(V::lanes, rows - begin) * dimension;
    std::copy_n(group, count, stage);
    std::fill_n(stage + count, stage_size<V>(dimension) - count, typename V::Real{0});
    group = stage;
  }
  transpose_rows<V>(group, dimension, columns, stride);
}

/// The way back; rows beyond the end are dropped.
template <class V>
EBM_INLINE void store_group(const typename V::Vector* columns, std::int64_t stride, std::int64_t begin,
                            std::int64_t rows, std::int64_t dimension, typename V::Real* matrix,
                            typename V::Real* stage) {
  if (needs_no_stage<V>(begin, rows, dimension)) {
    transpose_columns<V>(columns, stride, dimension, matrix + begin * dimension);
    return;
  }
  transpose_columns<V>(columns, stride, dimension, stage);
  std::copy_n(stage, std::min<std::int64_t>(V::lanes, rows - begin) * dimension, matrix + begin * dimension);
}

}  // namespace ebm
