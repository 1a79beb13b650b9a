#pragma once

#include <algorithm>

#include "dualebm/models/ridge/cpu_activation.hpp"
#include "dualebm/models/ridge/cpu_tile.hpp"

namespace ebm::ridge {

/// Whether a group of points and its sums stay in registers.
template <int registers>
constexpr bool fits_registers(std::int64_t dimension) {
  return (dimension >= 2 && dimension <= 8) || (registers == 32 && (dimension == 15 || dimension == 16));
}

/// Adds what `together` directions from z on give one group of points: to `sums`, or to `value` if there are
/// none.
template <class V, ActivationKind sigma, int dimension, bool wants_sums, int together>
EBM_INLINE void add_directions(const typename V::Vector* x, const typename V::Real* z,
                               const typename V::Real* c, typename V::Vector* sums,
                               typename V::Vector& value) {
  typename V::Vector u[together];
#pragma GCC unroll 2
  for (int t = 0; t < together; ++t) u[t] = x[0] * z[t * dimension];
#pragma GCC unroll 16
  for (int k = 1; k < dimension; ++k) {
#pragma GCC unroll 2
    for (int t = 0; t < together; ++t) u[t] += x[k] * z[t * dimension + k];
  }
  if constexpr (wants_sums) {
#pragma GCC unroll 2
    for (int t = 0; t < together; ++t) u[t] = weighted_slope<V, sigma>(u[t], c[t]);
    // Hides that these numbers were read before: keeping them in registers would drive the points out.
    asm("" : "+r"(z));
#pragma GCC unroll 16
    for (int k = 0; k < dimension; ++k) {
#pragma GCC unroll 2
      for (int t = 0; t < together; ++t) sums[k] += u[t] * z[t * dimension + k];
    }
  } else {
#pragma GCC unroll 2
    for (int t = 0; t < together; ++t) value += activated<V, sigma>(u[t]) * c[t];
  }
}

/// Sums of one group in few dimensions, all in registers. Directions go in pairs, since one pre-activation
/// alone is a chain of additions that wait for one another. Sums of blocks are added up apart: the error of a
/// long sum grows with the length of a block and the number of blocks, not with their product.
template <class V, ActivationKind sigma, int dimension, bool wants_sums>
EBM_INLINE void small_sums(const Sums<typename V::Real>& task, const Tile<V>& tile) {
  using Vector = typename V::Vector;
  constexpr std::int64_t block = 512;
  Vector x[dimension], total{};
#pragma GCC unroll 16
  for (int k = 0; k < dimension; ++k) x[k] = tile.points[k];
  for (std::int64_t begin = 0; begin < task.count; begin += block) {
    const auto end = std::min(begin + block, task.count);
    Vector sums[dimension], value{};
#pragma GCC unroll 16
    for (int k = 0; k < dimension; ++k) sums[k] = Vector{};
    auto j = begin;
    for (; j + 2 <= end; j += 2) {
      add_directions<V, sigma, dimension, wants_sums, 2>(x, task.directions + j * dimension,
                                                         task.coefficients + j, sums, value);
    }
    if (j < end) {
      add_directions<V, sigma, dimension, wants_sums, 1>(x, task.directions + j * dimension,
                                                         task.coefficients + j, sums, value);
    }
    if constexpr (wants_sums) {
#pragma GCC unroll 16
      for (int k = 0; k < dimension; ++k) tile.sums[k] += sums[k];
    }
    total += value;
  }
  if constexpr (!wants_sums) *tile.values = total;
}

/// small_sums with the dimension and the activation as constants. @pre fits_registers(task.dimension)
template <class V, int registers, bool wants_sums, int dimension = 16>
EBM_INLINE void small_sums_of(const Sums<typename V::Real>& task, const Tile<V>& tile) {
  if constexpr (fits_registers<registers>(dimension)) {
    if (task.dimension == dimension) {
      task.activation == ActivationKind::relu
          ? small_sums<V, ActivationKind::relu, dimension, wants_sums>(task, tile)
          : small_sums<V, ActivationKind::squared_relu, dimension, wants_sums>(task, tile);
      return;
    }
  }
  if constexpr (dimension > 2) small_sums_of<V, registers, wants_sums, dimension - 1>(task, tile);
}

}  // namespace ebm::ridge
