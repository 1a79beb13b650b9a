#pragma once

#include <limits>

#include "dualebm/framework/compute/columns.hpp"

/// Elementary functions of vectors. Polynomials are minimax fits (Remez); beside each stands the largest
/// relative error of what it is part of, before rounding.
namespace ebm::elementary {

template <class Real>
struct Table;

template <>
struct Table<float> {
  using Bits = std::int32_t;
  static constexpr float shift = 0x1.8p23F;  // adding it rounds to an integer, in the low bits
  static constexpr int mantissa_bits = 23;
  static constexpr Bits one = 0x3f800000, sign = std::numeric_limits<Bits>::min(), upper_half = ~0xfff;
  static constexpr float smallest = -87;  // e^x is normal from here on
  static constexpr float log2_high = 0x1.63p-1F,
                         log2_low = -0x1.bd0106p-13F;  // log 2, the first with few digits
  static constexpr float exponential[] = {0.49999994F, 0.166665211F, 0.041668389F, 0.00836871751F,
                                          0.00138146116F};  // e^r, 2^-28.2
  static constexpr float logarithm[] = {-0.499999315F,  0.33330512F,  -0.249585882F,  0.196954012F,
                                        -0.153553963F,  0.106805563F, -0.0576644503F, 0.0202045869F,
                                        -0.00331847323F};  // log(1 + t), 2^-27.5
};

template <>
struct Table<double> {
  using Bits = std::int64_t;
  static constexpr double shift = 0x1.8p52;
  static constexpr int mantissa_bits = 52;
  static constexpr Bits one = 0x3ff0000000000000, sign = std::numeric_limits<Bits>::min(),
                        upper_half = ~0x7ffffff;
  static constexpr double smallest = -708;
  static constexpr double log2_high = 0x1.62e42feep-1, log2_low = 0x1.a39ef35793c76p-33;
  static constexpr double exponential[] = {
      0.50000000000000111,    0.16666666666666413,    0.041666666666530155,   0.0083333333334944682,
      0.0013888888943630088,  0.00019841269506564314, 2.4801493098925277e-05, 2.7557586387501345e-06,
      2.7630248373933203e-07, 2.500005710586278e-08};  // 2^-57.9
  static constexpr double artanh[] = {0.66666666666666308, 0.40000000000155106, 0.28571428548119587,
                                      0.22222223953550893, 0.18181744482302051, 0.15386548327593322,
                                      0.13301122177293226, 0.12104939083710779, 0.083449946452257742,
                                      0.17009718068931987};  // log(1 + t), 2^-59.4
};

/// c_0 + c_1 z + c_2 z² + ..., by Horner's rule.
template <class Vector, class Real, std::size_t count>
EBM_INLINE Vector polynomial(Vector z, const Real (&coefficients)[count]) {
  Vector sum = Vector{} + coefficients[count - 1];
#pragma GCC unroll 32
  for (int i = static_cast<int>(count) - 2; i >= 0; --i) sum = sum * z + coefficients[i];
  return sum;
}

/// -|u|, by the sign bit.
template <class V>
EBM_INLINE typename V::Vector minus_size(typename V::Vector u) {
  using Integers = vectors::Vector<typename Table<typename V::Real>::Bits, sizeof(u)>;
  return vectors::bits_as<typename V::Vector>(vectors::bits_as<Integers>(u) | Table<typename V::Real>::sign);
}

/// e^x = 2^n (1 + e): what e^x and e^x - 1 are made of, without cancellation.
template <class V>
struct Exponential {
  typename V::Vector power, rest;  ///< 2^n, and e = e^r - 1 with |r| <= log 2 / 2

  /// For x <= 0. What would be less than the least normal number is about that: e^-87,
  /// e^-708 in double. NaN stays.
  static EBM_INLINE Exponential at(typename V::Vector x) {
    return split(
        x, [](auto r) __attribute__((always_inline)) { return r; });
  }

  /// For x + low <= 0: digits of an argument that x has no room for.
  static EBM_INLINE Exponential at(typename V::Vector x, typename V::Vector low) {
    return split(
        x, [&](auto r) __attribute__((always_inline)) { return r + low; });
  }

  EBM_INLINE typename V::Vector value() const { return power + power * rest; }
  EBM_INLINE typename V::Vector minus_one() const { return power * rest + (power - typename V::Real{1}); }

 private:
  template <class Correct>
  static EBM_INLINE Exponential split(typename V::Vector x, Correct correct) {
    using Real = typename V::Real;
    using Constants = Table<Real>;
    using Integers = vectors::Vector<typename Constants::Bits, sizeof(x)>;
    const auto smallest = V::broadcast(Constants::smallest);
    x = x < smallest ? smallest : x;
    const auto shifted = x * Real{1.44269504088896340736} + Constants::shift;
    const auto n = shifted - Constants::shift;
    const auto r = correct((x - n * Constants::log2_high) - n * Constants::log2_low);
    const auto bits = (vectors::bits_as<Integers>(shifted) << Constants::mantissa_bits) + Constants::one;
    return {vectors::bits_as<typename V::Vector>(bits), r + r * r * polynomial(r, Constants::exponential)};
  }
};

/// Chosen lane by lane by the sign bit of `sign`.
template <class V>
EBM_INLINE typename V::Vector where_negative(typename V::Vector sign, typename V::Vector then,
                                             typename V::Vector otherwise) {
  using Integers = vectors::Vector<typename Table<typename V::Real>::Bits, sizeof(sign)>;
  return vectors::bits_as<Integers>(sign) < Integers{} ? then : otherwise;
}

/// The logistic function 1 / (1 + e^-u) of u >= 0 and of u <= 0 from t = e^-|u|: 1 / (1 + t) and t / (1 + t).
template <class V>
struct Logistic {
  typename V::Vector t, above, below;

  static EBM_INLINE Logistic at(typename V::Vector u) {
    const auto t = Exponential<V>::at(minus_size<V>(u)).value();
    const auto above = typename V::Real{1} / (t + typename V::Real{1});
    return {t, above, t * above};
  }
  EBM_INLINE typename V::Vector of(typename V::Vector u) const { return where_negative<V>(u, below, above); }
  EBM_INLINE typename V::Vector of_minus(typename V::Vector u) const {
    return where_negative<V>(u, above, below);
  }
};

}  // namespace ebm::elementary
