#pragma once

#include <algorithm>

#include "dualebm/models/ridge/cpu_activation.hpp"
#include "dualebm/models/ridge/cpu_tile.hpp"

namespace ebm::ridge {

/// The product of two blocks, the heart of every matrix product: sums[i][q] = Σ_step a_i b_q, all in
/// registers.
/// @param a      numbers, a[i * row_stride + step * step_stride]
/// @param b      vectors, b[step * width + q]
/// @param store  called with (i, q, sum)
template <class V, int height, int width, class Store>
EBM_INLINE void product(const typename V::Real* a, std::int64_t row_stride, std::int64_t step_stride,
                        const typename V::Vector* b, std::int64_t steps, Store store) {
  typename V::Vector sums[height][width];
#pragma GCC unroll 8
  for (int i = 0; i < height; ++i) {
#pragma GCC unroll 4
    for (int q = 0; q < width; ++q) sums[i][q] = typename V::Vector{};
  }
  for (std::int64_t step = 0; step < steps; ++step) {
    typename V::Vector vectors[width];
#pragma GCC unroll 4
    for (int q = 0; q < width; ++q) vectors[q] = b[step * width + q];
#pragma GCC unroll 8
    for (int i = 0; i < height; ++i) {
#pragma GCC unroll 4
      for (int q = 0; q < width; ++q) sums[i][q] += vectors[q] * a[i * row_stride + step * step_stride];
    }
  }
#pragma GCC unroll 8
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

/// Turns pre-activations u_j into c_j σ'(u_j), where sums are wanted; adds Σ_j c_j σ(u_j) to the values,
/// where those are.
template <class V, ActivationKind sigma, int width, bool wants_sums, bool wants_values>
EBM_INLINE void activate(const typename V::Real* coefficients, std::int64_t count, const Tile<V>& tile) {
  typename V::Vector values[width];
  for (auto& value : values) value = typename V::Vector{};
  for (std::int64_t j = 0; j < count; ++j) {
    const auto c = coefficients[j];
#pragma GCC unroll 4
    for (int q = 0; q < width; ++q) {
      auto& u = tile.pre_activations[j * width + q];
      if constexpr (sigma == ActivationKind::softplus) {
        const auto both = Softplus<V>::at(u);
        if constexpr (wants_values) values[q] += both.value * c;
        if constexpr (wants_sums) u = both.slope * c;
      } else {
        if constexpr (wants_values) values[q] += activated<V, sigma>(u) * c;
        if constexpr (wants_sums) u = weighted_slope<V, sigma>(u, c);
      }
    }
  }
  if constexpr (wants_values) {
    for (int q = 0; q < width; ++q) tile.values[q] += values[q];
  }
}

/// `activate` with the activation and what is wanted as constants.
template <class V, int width>
EBM_INLINE void activate_as(ActivationKind sigma, const typename V::Real* coefficients, std::int64_t count,
                            bool sums, bool values, const Tile<V>& tile) {
  using enum ActivationKind;
  const auto with = [&]<ActivationKind kind>() __attribute__((always_inline)) {
    if (sums && values) return activate<V, kind, width, true, true>(coefficients, count, tile);
    if (sums) return activate<V, kind, width, true, false>(coefficients, count, tile);
    activate<V, kind, width, false, true>(coefficients, count, tile);
  };
  if (sigma == relu) return with.template operator()<relu>();
  if (sigma == squared_relu) return with.template operator()<squared_relu>();
  with.template operator()<softplus>();
}

/// Sums of a tile in any dimension: two matrix products by blocks with the activation between them,
/// pre-activations in the first-level cache.
template <class V, int height, int width>
EBM_INLINE void blocked_sums(const Sums<typename V::Real>& task, bool wants_sums, bool wants_values,
                             const Tile<V>& tile) {
  using Vector = typename V::Vector;
  const auto d = task.dimension;
  for (std::int64_t begin = 0; begin < task.count; begin += block_of_directions) {
    const auto count = std::min(block_of_directions, task.count - begin);
    const auto* z = task.directions + begin * d;
    for_each_height<height>(
        count, [&]<int high>(std::int64_t j) __attribute__((always_inline)) {
          product<V, high, width>(
              z + j * d, d, 1, tile.points, d, [&](int i, int q, Vector sum) __attribute__((always_inline)) {
                tile.pre_activations[(j + i) * width + q] = sum;
              });
        });
    activate_as<V, width>(task.activation, task.coefficients + begin, count, wants_sums, wants_values, tile);
    if (!wants_sums) continue;
    for_each_height<height>(
        d, [&]<int high>(std::int64_t k) __attribute__((always_inline)) {
          product<V, high, width>(
              z + k, 1, d, tile.pre_activations,
              count, [&](int i, int q, Vector sum) __attribute__((always_inline)) {
                tile.sums[(k + i) * width + q] += sum;
              });
        });
  }
}

}  // namespace ebm::ridge
