#pragma once

#include <cstdint>

#include "dualebm/framework/compute/columns.hpp"
#include "dualebm/models/ridge/activation_kind.hpp"

namespace ebm::ridge {

/// σ(u) of the homogeneous activations.
template <class V, ActivationKind sigma>
EBM_INLINE typename V::Vector activated(typename V::Vector u) {
  const auto positive = V::positive_part(u);
  return sigma == ActivationKind::relu ? positive : positive * positive;
}

/// c σ'(u) of the homogeneous activations.
template <class V, ActivationKind sigma>
EBM_INLINE typename V::Vector weighted_slope(typename V::Vector u, typename V::Real c) {
  using Vector = typename V::Vector;
  return sigma == ActivationKind::relu ? (u <= Vector{} ? Vector{} : V::broadcast(c))
                                       : V::positive_part(u) * (2 * c);
}

/// What differs between the two number types: digits and exponents of IEEE 754, degrees of polynomials.
template <class Real>
struct Elementary;

template <>
struct Elementary<float> {
  using Bits = std::int32_t;
  static constexpr float shift = 0x1.8p23f;  // adding it rounds to an integer, in the low bits
  static constexpr int mantissa_bits = 23, bias = 127;
  static constexpr float smallest = -87;  // e^x is normal from here on
  static constexpr float log2_high = 0x1.63p-1f,
                         log2_low = -0x1.bd0106p-13f;  // log 2, the first with few digits
  static constexpr int exponential_degree = 7, logarithm_terms = 8;
};

template <>
struct Elementary<double> {
  using Bits = std::int64_t;
  static constexpr double shift = 0x1.8p52;
  static constexpr int mantissa_bits = 52, bias = 1023;
  static constexpr double smallest = -708;
  static constexpr double log2_high = 0x1.62e42feep-1, log2_low = 0x1.a39ef35793c76p-33;
  static constexpr int exponential_degree = 13, logarithm_terms = 17;
};

/// e^x for x <= 0, to two units in the last place; what would be less than the least normal number is that.
template <class V>
EBM_INLINE typename V::Vector exponential(typename V::Vector x) {
  using Real = typename V::Real;
  using Constants = Elementary<Real>;
  typedef typename Constants::Bits Bits __attribute__((vector_size(sizeof(typename V::Vector))));
  const auto low = V::broadcast(Constants::smallest);
  x = x < low ? low : x;
  // x = n log 2 + r with |r| <= log 2 / 2, and e^r by its series.
  const auto shifted = x * Real{1.44269504088896340736} + Constants::shift;
  const auto n = shifted - Constants::shift;
  const auto r = (x - n * Constants::log2_high) - n * Constants::log2_low;
  auto series = V::broadcast(1);
#pragma GCC unroll 16
  for (int k = Constants::exponential_degree; k > 0; --k) series = series * r * (Real{1} / k) + Real{1};
  Bits exponent;
  std::memcpy(&exponent, &shifted, sizeof exponent);
  exponent = (exponent + Constants::bias) << Constants::mantissa_bits;
  typename V::Vector power;
  std::memcpy(&power, &exponent, sizeof power);
  return series * power;
}

/// σ(u) = log(1 + e^u) and σ'(u) = 1 / (1 + e^-u), for any u and without cancellation.
template <class V>
struct Softplus {
  typename V::Vector value, slope;

  static EBM_INLINE Softplus at(typename V::Vector u) {
    using Real = typename V::Real;
    using Vector = typename V::Vector;
    const auto t = exponential<V>(u > Vector{} ? -u : u);
    const auto reciprocal = Real{1} / (t + Real{1});
    // log(1 + t) = 2 artanh(s) with s = t / (2 + t) <= 1/3.
    const auto s = t / (t + Real{2});
    const auto square = s * s;
    auto series = Vector{};
#pragma GCC unroll 20
    for (int k = Elementary<Real>::logarithm_terms; k > 0; --k)
      series = series * square + Real{2} / (2 * k - 1);
    return {V::positive_part(u) + s * series, u > Vector{} ? reciprocal : t * reciprocal};
  }
};

}  // namespace ebm::ridge
