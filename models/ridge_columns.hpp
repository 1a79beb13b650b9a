#pragma once

#include <algorithm>

#include "framework/vector.hpp"

namespace ebm::ridge {

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

}  // namespace ebm::ridge
