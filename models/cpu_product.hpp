#pragma once

#include <cstdint>

#include "dualebm/framework/compute/columns.hpp"

namespace ebm {

/// The product of two blocks, the heart of every matrix product: sums[i][q] = Σ_step a_i b_q, all in
/// registers.
/// @param a      numbers, a[i * row_stride + step * step_stride]
/// @param b      vectors, b[step * vector_step + q * vector_stride]
/// @param store  called with (i, q, sum)
template <class V, int height, int width, class Store>
EBM_INLINE void product(const typename V::Real* a, std::int64_t row_stride, std::int64_t step_stride,
                        const typename V::Vector* b, std::int64_t vector_step, std::int64_t vector_stride,
                        std::int64_t steps, Store store) {
  typename V::Vector sums[height][width];
#pragma GCC unroll 24
  for (int i = 0; i < height; ++i) {
#pragma GCC unroll 4
    for (int q = 0; q < width; ++q) sums[i][q] = typename V::Vector{};
  }
  for (std::int64_t step = 0; step < steps; ++step) {
    typename V::Vector vectors[width];
#pragma GCC unroll 4
    for (int q = 0; q < width; ++q) vectors[q] = b[step * vector_step + q * vector_stride];
#pragma GCC unroll 24
    for (int i = 0; i < height; ++i) {
#pragma GCC unroll 4
      for (int q = 0; q < width; ++q) sums[i][q] += vectors[q] * a[i * row_stride + step * step_stride];
    }
  }
#pragma GCC unroll 24
  for (int i = 0; i < height; ++i) {
#pragma GCC unroll 4
    for (int q = 0; q < width; ++q) store(i, q, sums[i][q]);
  }
}

/// body.operator()<h>(begin) for blocks that cover [0, count), of the full height while there is room for
/// them.
template <int height, class Body>
EBM_INLINE void for_each_height(std::int64_t count, Body body, std::int64_t begin = 0) {
  for (; begin + height <= count; begin += height) body.template operator()<height>(begin);
  if constexpr (height > 1) for_each_height<height / 2>(count, body, begin);
}

}  // namespace ebm
