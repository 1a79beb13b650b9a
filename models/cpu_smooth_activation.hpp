#pragma once

#include "dualebm/framework/compute/elementary.hpp"

/// Smooth activations and their slopes for the kernels of the CPU: σ(u) and σ'(u) of every lane.
///
/// Errors are relative, in units of 2^-24, or 2^-53 in double, as long as e^-|u| is a normal number; where σ'
/// has a zero they are relative to the larger of |σ'(u)| and |σ(u) / u|. "Proven" counts roundings, one unit
/// each at most, from e^-|u| on, which has 2.1; fits add less than 0.1. "Found" is the most over four
/// thousand numbers of each octave and sign. Beyond, u of any size gives σ and σ' to within 1e-35, and what
/// is not a number stays one.
namespace ebm::smooth {

/// softplus: log(1 + e^u) and 1 / (1 + e^-u), without a threshold. Errors proven: 6 and 5.1, in double 10 and
/// 7.1; found: 3.3 and 3.1, 4.7 and 3.9.
struct Softplus {
  template <class V, bool wants_value, bool wants_slope>
  static EBM_INLINE void at(typename V::Vector u, typename V::Vector& value, typename V::Vector& slope) {
    using Real = typename V::Real;
    using Constants = elementary::Table<Real>;
    if constexpr (!wants_value) {
      slope = elementary::Logistic<V>::at(u).of(u);
    } else if constexpr (sizeof(Real) == 4) {
      const auto logistic = elementary::Logistic<V>::at(u);
      const auto t = logistic.t;
      value = V::positive_part(u) + (t + t * t * elementary::polynomial(t, Constants::logarithm));
      slope = logistic.of(u);
    } else {
      // log(1 + t) = 2 artanh(s) with s = t / (2 + t) <= 1/3, and one division for both quotients.
      const auto t = elementary::Exponential<V>::at(elementary::minus_size<V>(u)).value();
      const auto one_more = t + Real{1}, two_more = t + Real{2};
      const auto reciprocal = Real{1} / (one_more * two_more);
      const auto s = t * one_more * reciprocal, above = two_more * reciprocal;
      const auto square = s * s;
      value = V::positive_part(u) +
              (Real{2} * s + s * square * elementary::polynomial(square, Constants::artanh));
      slope = elementary::where_negative<V>(u, t * above, above);
    }
  }
};

/// silu: u / (1 + e^-u). Errors proven: 6.1 and 17; found: 3.9 and 6.8.
struct Silu {
  template <class V, bool, bool>
  static EBM_INLINE void at(typename V::Vector u, typename V::Vector& value, typename V::Vector& slope) {
    const auto logistic = elementary::Logistic<V>::at(u);
    const auto s = logistic.of(u);
    // The logistic function ends at its least number, and the products with u must vanish nevertheless.
    const auto least = V::broadcast(elementary::Table<typename V::Real>::smallest), most = -least;
    value = (u < least ? least : u) * s;
    slope = s + (value > most ? most : value) * logistic.of_minus(u);
  }
};

/// tanh, also of small u, where a difference of exponentials would cancel. Errors proven: 6.5 and
/// 10.2; found: 3.8 and 4.9.
struct Tanh {
  template <class V, bool, bool>
  static EBM_INLINE void at(typename V::Vector u, typename V::Vector& value, typename V::Vector& slope) {
    using Real = typename V::Real;
    const auto power = elementary::Exponential<V>::at(elementary::minus_size<V>(u) * Real{2});
    const auto t = power.value();
    const auto reciprocal = Real{1} / (t + Real{1});
    const auto size = power.minus_one() * reciprocal;  // -|tanh u|
    value = elementary::where_negative<V>(u, size, -size);
    slope = (Real{4} * t) * (reciprocal * reciprocal);
  }
};

/// P of Φ(-a) / φ(a) = y P(1 - 2 y) for a >= 0, y = k / (a + k); Φ and φ are the distribution function and
/// the density of the standard normal. Minimax fits of the stated relative error up to `largest`, where φ is
/// the least normal number.
template <class Real>
struct MillsRatio;

template <>
struct MillsRatio<float> {
  static constexpr float k = 3.5F, largest = 13.19F;
  static constexpr float polynomial[] = {0.533135533F,    -0.405043751F,  0.225900888F,   -0.0831145421F,
                                         0.0124669643F,   0.00464890245F, -0.0022783454F, -0.000353704178F,
                                         0.000308853778F, 8.28505799e-05F};  // 2^-27.4
};

template <>
struct MillsRatio<double> {
  static constexpr double k = 6, largest = 37.6;
  static constexpr double polynomial[] = {
      0.3247553217937349,      -0.29286150905735053,    0.23769891860140069,    -0.17291707184604205,
      0.11195197024992916,     -0.063785431111682098,   0.031404674879157643,   -0.012944777991583917,
      0.0041901719989306278,   -0.00089052364865402605, 1.3732171263269644e-05, 7.5767192956906266e-05,
      -2.7051623641703507e-05, 4.4935212715461541e-07,  2.8396298979757424e-06, -7.5186684182479055e-07,
      -1.801254440682973e-07,  1.2965601287620778e-07,  4.1307750972668383e-09, -1.7975892119121033e-08,
      3.5619956079178038e-12,  1.9850376843087789e-09,  2.9402267731506885e-10};  // 2^-57.9
};

/// gelu: u Φ(u), the exact one. Errors found: 7.1 and 7.0, in double 8.5 and 9.3.
struct Gelu {
  template <class V, bool, bool>
  static EBM_INLINE void at(typename V::Vector u, typename V::Vector& value, typename V::Vector& slope) {
    using Real = typename V::Real;
    using Vector = typename V::Vector;
    using Constants = elementary::Table<Real>;
    using Mills = MillsRatio<Real>;
    using Integers = vectors::Vector<typename Constants::Bits, sizeof(u)>;
    const auto largest = V::broadcast(Mills::largest);
    const Vector size = -elementary::minus_size<V>(u), a = size > largest ? largest : size;
    // a² to twice the digits: the error of an exponent is one of its exponential.
    const auto high = vectors::bits_as<Vector>(vectors::bits_as<Integers>(a) & Constants::upper_half);
    const auto low = (a - high) * (a + high);
    const auto density = elementary::Exponential<V>::at(high * high * Real{-0.5}, low * Real{-0.5}).value() *
                         Real{0.398942280401432677940};
    const auto y = Mills::k / (a + Mills::k);
    const auto tail = density * y * elementary::polynomial(Real{1} - Real{2} * y, Mills::polynomial);
    value = V::positive_part(u) - a * tail;
    const auto below = tail - a * density;
    slope = elementary::where_negative<V>(u, below, Real{1} - below);
  }
};

}  // namespace ebm::smooth
