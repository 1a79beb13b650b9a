#pragma once

#include <algorithm>

#include "dualebm/models/cpu_product.hpp"
#include "dualebm/models/cpu_smooth_activation.hpp"
#include "dualebm/models/ridge/cpu_activation.hpp"
#include "dualebm/models/ridge/cpu_tile.hpp"

namespace ebm::ridge {

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
        typename V::Vector value, slope;
        smooth::Softplus::at<V, wants_values, wants_sums>(u, value, slope);
        if constexpr (wants_values) values[q] += value * c;
        if constexpr (wants_sums) u = slope * c;
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
              z + j * d, d, 1, tile.points, width, 1,
              d, [&](int i, int q, Vector sum) __attribute__((always_inline)) {
                tile.pre_activations[(j + i) * width + q] = sum;
              });
        });
    activate_as<V, width>(task.activation, task.coefficients + begin, count, wants_sums, wants_values, tile);
    if (!wants_sums) continue;
    for_each_height<height>(
        d, [&]<int high>(std::int64_t k) __attribute__((always_inline)) {
          product<V, high, width>(
              z + k, 1, d, tile.pre_activations, width, 1,
              count, [&](int i, int q, Vector sum) __attribute__((always_inline)) {
                tile.sums[(k + i) * width + q] += sum;
              });
        });
  }
}

}  // namespace ebm::ridge
