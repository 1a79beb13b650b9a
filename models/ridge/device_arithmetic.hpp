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

/// e^-|u|. In single precision on a device from its unit for powers of two, whose error of 2^-22.5 is most of
/// it: what the product of u and log2 e has rounded away is made up for. There it is e^-87 at least, also of
/// what is not a number: `RowSums::finish` makes up for it.
template <class Real>
EBM_HOST_DEVICE Real exponential_of_minus_size(Real u) {
#if defined(__CUDA_ARCH__)
  if constexpr (sizeof(Real) == sizeof(float)) {
    constexpr float log2_e = 0x1.715476p+0F, log2_e_rest = 0x1.4ae0cp-26F, log_2 = 0x1.62e43p-1F;
    const float x = fmaxf(-fabsf(u), -87.0F), y = x * log2_e;
    const float rest = fmaf(x, log2_e_rest, fmaf(x, log2_e, -y));
    float power;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(power) : "f"(y));
    return fmaf(power, rest * log_2, power);
  }
#endif
  return std::exp(-std::abs(u));
}

/// 1 / y for y in [1, 2].
template <class Real>
EBM_HOST_DEVICE Real reciprocal(Real y) {
#if defined(__CUDA_ARCH__)
  if constexpr (sizeof(Real) == sizeof(float)) return __fdividef(1.0F, y);
#endif
  return 1 / y;
}

/// log(1 + t) for t in [0, 1]; in single precision by a minimax fit, relative error 2^-27.5 before rounding,
/// that of elementary.hpp.
template <class Real>
EBM_HOST_DEVICE Real log_of_one_more(Real t) {
  if constexpr (sizeof(Real) == sizeof(float)) {
    Real sum = -0.00331847323F;
    sum = sum * t + 0.0202045869F;
    sum = sum * t - 0.0576644503F;
    sum = sum * t + 0.106805563F;
    sum = sum * t - 0.153553963F;
    sum = sum * t + 0.196954012F;
    sum = sum * t - 0.249585882F;
    sum = sum * t + 0.33330512F;
    sum = sum * t - 0.499999315F;
    return t + t * t * sum;
  } else {
    return std::log1p(t);
  }
}

/// Whether <r, o> σ'(<r, o>) is a multiple of σ(<r, o>), so that features follow from directions:
/// feature_r = <r, direction_r> / degree.
template <ActivationKind sigma>
constexpr int degree = sigma == ActivationKind::relu           ? 1
                       : sigma == ActivationKind::squared_relu ? 2
                                                               : 0;

/// weight σ'(u), and with a feature weight σ(u) is added to it; 0 at the kink of the ReLU. Slopes need not
/// carry on what is not a number: `RowSums::finish` makes up for it.
template <ActivationKind sigma, bool with_feature, class Real>
EBM_HOST_DEVICE Real weighted_slope(Real weight, Real u, Real& feature) {
  if constexpr (sigma == ActivationKind::relu) {
    return u <= 0 ? Real(0) : weight;
  } else if constexpr (sigma == ActivationKind::squared_relu) {
    return u <= 0 ? Real(0) : weight * (2 * u);
  } else {
    const Real t = exponential_of_minus_size(u), above = reciprocal(1 + t);
    if constexpr (with_feature) feature += weight * ((u > 0 ? u : Real(0)) + log_of_one_more(t));
    return weight * (u < 0 ? t * above : above);
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
    const Real factor = weighted_slope<sigma, with_feature>(weight, u, feature);
    EBM_UNROLL
    for (int k = 0; k < capacity; ++k) direction[k] += factor * other[k];
  }

  /// A row that is not finite has no sums; features that follow from directions.
  template <ActivationKind sigma>
  EBM_HOST_DEVICE void finish() {
    Real none = 0;
    EBM_UNROLL
    for (int k = 0; k < capacity; ++k) none += row[k] - row[k];
    EBM_UNROLL
    for (int k = 0; k < capacity; ++k) direction[k] += none;
    if constexpr (degree < sigma >> 0) {
      Real sum = 0;
      EBM_UNROLL
      for (int k = 0; k < capacity; ++k) sum += row[k] * direction[k];
      feature = sum / degree<sigma>;
    } else {
      feature += none;
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
  /// Threads that keep a device busy, more where there is much to do, so that those that come last are a
  /// small part; and the fewest others and chunks that are worth a cut. Measured on an H100 and an H200.
  static constexpr std::int64_t enough = 1 << 16, enough_of_much = 1 << 18;
  static constexpr std::int64_t smallest_chunk = 32, fewest_chunks = 4, most_chunks = 1024;

  /// Two rows to a thread where that leaves enough threads with enough to do.
  static SumsGrid best(std::int64_t rows, std::int64_t others) {
    const bool two = rows > threads && rows * others >= 4 * enough * smallest_chunk;
    return {rows, others, two ? 2 : 1};
  }
  EBM_HOST_DEVICE std::int64_t row_blocks() const { return (rows + threads * held - 1) / (threads * held); }
  EBM_HOST_DEVICE std::int64_t chunks() const {
    const std::int64_t busy = held > 1 ? enough_of_much : enough;
    const std::int64_t wanted = rows > 0 ? busy / (row_blocks() * threads) : 1;
    const std::int64_t sensible = (others + smallest_chunk - 1) / smallest_chunk;
    const std::int64_t fewer = wanted < sensible ? wanted : sensible;
    return fewer < fewest_chunks ? 1 : fewer > most_chunks ? most_chunks : fewer;
  }
  EBM_HOST_DEVICE std::int64_t chunk_begin(std::int64_t chunk) const { return others * chunk / chunks(); }
};

}  // namespace ebm::ridge::device
