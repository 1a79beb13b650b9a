#pragma once

#include <cstdint>

namespace ebm {

/// y = x - h g + s ξ for `count` numbers, the drift and noise of one Langevin step; y may be x.
template <class Real>
void drift_and_diffuse(const Real* x, const Real* g, const Real* xi, std::int64_t count, Real h, Real s,
                       Real* y);

/// Shortens rows of `dimension` numbers to Euclidean length `limit` where they are longer. The length is
/// taken in double, where the square of a float is finite: an overflow would read as a factor of zero.
template <class Real>
void shorten_rows(Real* rows, std::int64_t count, std::int64_t dimension, double limit);

/// Divides rows by their Euclidean length. A length that overflows gives what is not a number, as zero does.
template <class Real>
void normalise_rows(Real* rows, std::int64_t count, std::int64_t dimension);

}  // namespace ebm
