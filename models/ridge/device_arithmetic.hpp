#pragma once

#include <cmath>
#include <cstdint>

#include "dualebm/framework/compute/cuda/host_device.hpp"
#include "dualebm/models/ridge/activation_kind.hpp"

/// Sums of ridge features in the arithmetic of one thread of a CUDA kernel.
///
/// Both of a shallow energy's sums are one and the same: of rows r and others o with weights,
///
///     direction_r = Σ_o weight_o σ'(<r, o>) o,    feature_r = Σ_o weight_o σ(<r, o>).
///
/// With particles for rows and neurons for others it is the gradient at the particles, and the energy; with
/// neurons for rows and particles for others it is the moments from which the gradient of the neurons
/// follows.
namespace ebm::ridge::device {

/// σ(u). What is not a number stays none, so that it shows.
template <ActivationKind sigma, class Real>
EBM_HOST_DEVICE Real activated(Real u) {
  if constexpr (sigma == ActivationKind::relu) {
    return u <= 0 ? Real(0) : u;
  } else if constexpr (sigma == ActivationKind::squared_relu) {
    return u <= 0 ? Real(0) : u * u;
  } else {
    return u > 0 ? u + std::log1p(std::exp(-u)) : std::log1p(std::exp(u));
  }
}

/// weight σ'(u); 0 at the kink of the ReLU. What is not a number stays none, but for the ReLU, whose slopes
/// carry no number: `RowSums::finish` makes up for it.
template <ActivationKind sigma, class Real>
EBM_HOST_DEVICE Real weighted_slope(Real weight, Real u) {
  if constexpr (sigma == ActivationKind::relu) {
    return u <= 0 ? Real(0) : weight;
  } else if constexpr (sigma == ActivationKind::squared_relu) {
    return u <= 0 ? Real(0) : weight * (2 * u);
  } else {
    return weight / (1 + std::exp(-u));
  }
}

/// One row and its sums, in registers. @tparam capacity  coordinates there is room for; those beyond d are
/// zero
template <class Real, int capacity>
struct RowSums {
  Real row[capacity];
  Real direction[capacity];
  Real feature;

  /// @param source  d coordinates of the row
  EBM_HOST_DEVICE void begin(const Real* source, int d) {
    feature = 0;
    EBM_UNROLL
    for (int k = 0; k < capacity; ++k) {
      row[k] = k < d ? source[k] : Real(0);
      direction[k] = 0;
    }
  }

  /// @param other  `capacity` coordinates, zero beyond d
  template <ActivationKind sigma, bool with_feature>
  EBM_HOST_DEVICE void add(const Real* other, Real weight) {
    Real u = 0;
    EBM_UNROLL
    for (int k = 0; k < capacity; ++k) u += row[k] * other[k];
    const Real factor = weighted_slope<sigma>(weight, u);
    EBM_UNROLL
    for (int k = 0; k < capacity; ++k) direction[k] += factor * other[k];
    if constexpr (with_feature) feature += weight * activated<sigma>(u);
  }

  /// A row that is not finite has no direction.
  template <ActivationKind sigma>
  EBM_HOST_DEVICE void finish() {
    if constexpr (sigma == ActivationKind::relu) {
      Real none = 0;
      EBM_UNROLL
      for (int k = 0; k < capacity; ++k) none += row[k] - row[k];
      EBM_UNROLL
      for (int k = 0; k < capacity; ++k) direction[k] += none;
    }
  }
};

/// How a sum is cut over a grid: `threads` times `held` rows to a block, the others in chunks whose
/// partial sums are added up afterwards, in order. A function of the numbers alone, so that a result is
/// the same bits on every run.
struct SumsGrid {
  std::int64_t rows, others;
  std::int64_t held = 1;  ///< rows to a thread, 1 or 2

  static constexpr std::int64_t threads = 128;
  /// Threads that keep a device busy, and the fewest others and chunks that are worth a
  /// cut; measured on an H200.
  static constexpr std::int64_t enough = 65536, smallest_chunk = 32, fewest_chunks = 4, most_chunks = 1024;

  /// Two rows to a thread where that leaves enough threads with enough to do.
  static SumsGrid best(std::int64_t rows, std::int64_t others) {
    const bool two = rows > threads && rows * others >= 4 * enough * smallest_chunk;
    return {rows, others, two ? 2 : 1};
  }
  EBM_HOST_DEVICE std::int64_t row_blocks() const { return (rows + threads * held - 1) / (threads * held); }
  EBM_HOST_DEVICE std::int64_t chunks() const {
    const std::int64_t wanted = rows > 0 ? enough / (row_blocks() * threads) : 1;
    const std::int64_t sensible = (others + smallest_chunk - 1) / smallest_chunk;
    const std::int64_t fewer = wanted < sensible ? wanted : sensible;
    return fewer < fewest_chunks ? 1 : fewer > most_chunks ? most_chunks : fewer;
  }
  EBM_HOST_DEVICE std::int64_t chunk_begin(std::int64_t chunk) const { return others * chunk / chunks(); }
};

}  // namespace ebm::ridge::device
