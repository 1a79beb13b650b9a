#pragma once

#include <cstdint>

namespace ebm {

// Rows of matrices [count, dimension] in plain memory, for float and double, on one thread.

/// y = x - h g + s ξ, the drift and noise of one Langevin step.
/// @param x, g, xi, y  [count] numbers; y may be x
template <class Real>
void drift_and_diffuse(const Real* x, const Real* g, const Real* xi, std::int64_t count, Real h, Real s,
                       Real* y);

/// Shortens rows to Euclidean length `limit` where they are longer. The length is
/// taken in double, where the square of a float is finite: an overflow would read as a factor of zero.
template <class Real>
void shorten_rows(Real* rows, std::int64_t count, std::int64_t dimension, double limit);

/// Divides rows by their Euclidean length. A length that overflows gives what is not a number, as zero does.
template <class Real>
void normalise_rows(Real* rows, std::int64_t count, std::int64_t dimension);

}  // namespace ebm
