#pragma once

#include "dualebm/framework/compute/vector.hpp"

/// The transform of Box and Muller (1958): sqrt(-2 log u) times a uniform direction in the plane is a pair of
/// independent standard normals. Polynomials are minimax fits (Remez) of the stated relative error; radii are
/// within 2 units in the last place (measured 1.7), coordinates of directions within 3 (2.7).
namespace ebm::vectors {

/// c_0 + c_1 z + c_2 z² + ..., by Horner's rule.
template <class Reals, class Real, std::size_t count>
EBM_INLINE Reals polynomial(Reals z, const Real (&coefficients)[count]) {
  Reals sum = Reals{} + coefficients[count - 1];
  for (std::size_t i = count - 1; i-- > 0;) sum = sum * z + coefficients[i];
  return sum;
}

template <class Real>
struct BoxMuller;

template <>
struct BoxMuller<float> {
  static constexpr float spacing = 0x1p-32F, angle_spacing = 0x1.921fb6p-32F;   // (π/4) / 2^31
  static constexpr float log2_high = 0x1.62e3p-1F, log2_low = 0x1.2fefa2p-17F;  // the first times k is exact
  static constexpr float log[] = {0.666667759F, 0.399775416F, 0.29871729F};     // 2^-30
  static constexpr float sine[] = {-0.166666552F, 0.0083321603F, -0.000195152825F};     // 2^-28
  static constexpr float cosine[] = {0.0416666456F, -0.00138873165F, 2.44331568e-05F};  // 2^-33
  // Bits of the format: -0, 1, sqrt(1/2), the significand, and the number whose neighbours are 1 apart.
  static constexpr int mantissa = 23;
  static constexpr std::uint32_t sign = 0x80000000U, one = 0x3f800000U, sqrt_half = 0x3f3504f3U;
  static constexpr std::uint32_t mantissa_mask = 0x007fffffU, unit_spacing = 0x4b000000U;
  static constexpr float unit_spacing_and_bias = 0x1p23F + 127;
};

template <>
struct BoxMuller<double> {
  static constexpr double spacing = 0x1p-64, angle_spacing = 0x1.921fb54442d18p-64;
  static constexpr double log2_high = 0x1.62e42feep-1, log2_low = 0x1.a39ef35793c76p-33;
  static constexpr double log[] = {0.6666666666666734,  0.39999999999414676, 0.28571428742388055,
                                   0.22222198573133517, 0.18183564329323787, 0.15314050454434783,
                                   0.14795950833837451};  // 2^-59
  static constexpr double sine[] = {-0.1666666666666663,     0.0083333333333221182,
                                    -0.00019841269829589539, 2.7557313621382241e-06,
                                    -2.50507477617944e-08,   1.5896230070727313e-10};  // 2^-58
  static constexpr double cosine[] = {0.04166666666666665,    -0.0013888888888882846,
                                      2.4801587294633534e-05, -2.7557315740688878e-07,
                                      2.0875898079599931e-09, -1.1368002239168584e-11};  // 2^-62
  static constexpr int mantissa = 52;
  static constexpr std::uint64_t sign = 0x8000000000000000U, one = 0x3ff0000000000000U;
  static constexpr std::uint64_t sqrt_half = 0x3fe6a09e667f3bcdU, mantissa_mask = 0x000fffffffffffffU;
  static constexpr std::uint64_t unit_spacing = 0x4330000000000000U;
  static constexpr double unit_spacing_and_bias = 0x1p52 + 1023;
};

/// sqrt(-2 log u) for u = (integer + 1/2) / 2^32, or 2^64 in double. Both u and 1 - u keep their relative
/// precision: radii reach from 2^-16 to 6.76 (double: from 2^-32 to 9.49).
template <class Real, int bytes>
EBM_INLINE Vector<Real, bytes> radius(Vector<Unsigned<Real>, bytes> integers) {
  using Table = BoxMuller<Real>;
  using Reals = Vector<Real, bytes>;
  using Bits = Vector<Unsigned<Real>, bytes>;
  using Steps = Vector<Signed<Real>, bytes>;

  // `edge` is the distance of u from the nearer of 0 and 1; u = |side - edge|, and what that rounds off.
  const Steps steps = bits_as<Steps>(integers);
  const Steps upper = steps >> (8 * sizeof(Real) - 1);  // all ones where u > 1/2
  const Reals edge = (to_real<Real, bytes>(steps ^ upper) + Real(0.5)) * Table::spacing;
  const Reals side = bits_as<Reals>(bits_as<Bits>(upper) & Table::one);
  const Reals difference = side - edge;
  const Reals rest = (side - difference) - edge;
  const Bits u = bits_as<Bits>(difference) & ~Table::sign;

  // u = 2^k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)).
  const Bits shifted = u + (Table::one - Table::sqrt_half);
  const Bits exponent = (shifted >> Table::mantissa) | Table::unit_spacing;
  const Reals k = bits_as<Reals>(exponent) - Table::unit_spacing_and_bias;
  const Bits significand = (shifted & Table::mantissa_mask) + Table::sqrt_half;
  const Reals f = (bits_as<Reals>(significand) - 1) + rest;

  // log(1 + f) = 2 artanh(s), s = f / (2 + f), as f - f²/2 + s (f²/2 + s² P(s²)): its first term is exact.
  const Reals s = f / (2 + f), z = s * s, half_square = Real(0.5) * f * f;
  const Reals correction = s * (half_square + z * polynomial(z, Table::log)) + k * Table::log2_low;
  const Reals log_u = k * Table::log2_high - ((half_square - correction) - f);
  return square_root<Real, bytes>(-2 * log_u);
}

/// A uniform direction: the angle from the first axis is uniform in (-π/4, π/4) by all bits but two; of these
/// one turns the first coordinate about, the other swaps the coordinates.
template <class Real, int bytes>
EBM_INLINE void direction(Vector<Unsigned<Real>, bytes> integers, Vector<Real, bytes>& first,
                          Vector<Real, bytes>& second) {
  using Table = BoxMuller<Real>;
  using Reals = Vector<Real, bytes>;
  using Bits = Vector<Unsigned<Real>, bytes>;
  using Steps = Vector<Signed<Real>, bytes>;

  const Reals angle = to_real<Real, bytes>(bits_as<Steps>((integers << 2) | 2)) * Table::angle_spacing;
  const Reals z = angle * angle;
  const Reals sine = angle + angle * (z * polynomial(z, Table::sine));
  const Reals cosine = (1 - Real(0.5) * z) + z * z * polynomial(z, Table::cosine);

  const Bits turned = bits_as<Bits>(cosine) ^ (integers & Table::sign);
  const Bits swap = bits_as<Bits>(bits_as<Steps>(integers << 1) >> (8 * sizeof(Real) - 1));
  const Bits exchange = (turned ^ bits_as<Bits>(sine)) & swap;
  first = bits_as<Reals>(turned ^ exchange);
  second = bits_as<Reals>(bits_as<Bits>(sine) ^ exchange);
}

}  // namespace ebm::vectors
