#include "dualebm/framework/compute/row_kernels.hpp"

#include <cmath>

#include "dualebm/framework/compute/columns.hpp"

namespace ebm {
namespace {

struct DriftAndDiffuse {
  template <int bytes, class Real>
  static EBM_INLINE void run(const Real* x, const Real* g, const Real* xi, std::int64_t count, Real h, Real s,
                             Real* y) {
    using V = Vectors<Real, bytes>;
    std::int64_t i = 0;
    for (; i + V::lanes <= count; i += V::lanes) {
      V::store(y + i, V::load(x + i) - V::load(g + i) * h + V::load(xi + i) * s);
    }
    for (; i < count; ++i) y[i] = x[i] - g[i] * h + xi[i] * s;
  }
};

/// 1 / sqrt(square); not a number where the square has overflowed, since an infinite length less itself is
/// none.
template <class V>
EBM_INLINE typename V::Vector inverse_length(typename V::Vector square) {
  const auto length = V::square_root(square);
  return typename V::Real{1} / length + (length - length);
}

template <class V, class Real>
EBM_INLINE void normalise_row(Real* row, std::int64_t dimension) {
  typename V::Vector squares{};
  std::int64_t k = 0;
  for (; k + V::lanes <= dimension; k += V::lanes) squares += V::load(row + k) * V::load(row + k);
  Real square = 0;
  for (int lane = 0; lane < V::lanes; ++lane) square += squares[lane];
  for (; k < dimension; ++k) square += row[k] * row[k];
  const auto factor = inverse_length<V>(V::broadcast(square));
  for (k = 0; k + V::lanes <= dimension; k += V::lanes) V::store(row + k, V::load(row + k) * factor);
  for (; k < dimension; ++k) row[k] *= factor[0];
}

/// Rows that are no longer than a vector go in groups, as long as there are numbers for a whole vector behind
/// each: of a vector the rest is left alone, and all rows of a group are read before one is written.
struct NormaliseRows {
  template <int bytes, class Real>
  static EBM_INLINE void run(Real* rows, std::int64_t count, std::int64_t dimension) {
    using V = Vectors<Real, bytes>;
    using Vector = typename V::Vector;
    std::int64_t begin = 0;
    if (dimension <= V::lanes) {
      const auto in_row = V::first_lanes(dimension);
      for (; (begin + V::lanes) * dimension + V::lanes <= count * dimension; begin += V::lanes) {
        Real* const group = rows + begin * dimension;
        Vector numbers[V::lanes], squares[V::lanes];
#pragma GCC unroll 16
        for (int i = 0; i < V::lanes; ++i) {
          numbers[i] = V::load(group + i * dimension);
          squares[i] = in_row ? numbers[i] * numbers[i] : Vector{};
        }
        Real factors[V::lanes];
        V::store(factors, inverse_length<V>(V::sums_of_each(squares)));
#pragma GCC unroll 16
        for (int i = 0; i < V::lanes; ++i) {
          V::store(group + i * dimension, in_row ? numbers[i] * factors[i] : numbers[i]);
        }
      }
    }
    for (; begin < count; ++begin) normalise_row<V>(rows + begin * dimension, dimension);
  }
};

}  // namespace

template <class Real>
void drift_and_diffuse(const Real* x, const Real* g, const Real* xi, std::int64_t count, Real h, Real s,
                       Real* y) {
  run_kernel<DriftAndDiffuse>(x, g, xi, count, h, s, y);
}

template <class Real>
void normalise_rows(Real* rows, std::int64_t count, std::int64_t dimension) {
  run_kernel<NormaliseRows>(rows, count, dimension);
}

template <class Real>
void shorten_rows(Real* rows, std::int64_t count, std::int64_t dimension, double limit) {
  for (std::int64_t i = 0; i < count; ++i) {
    Real* row = rows + i * dimension;
    double square = 0;
    for (std::int64_t k = 0; k < dimension; ++k)
      square += static_cast<double>(row[k]) * static_cast<double>(row[k]);
    // Also where the length is not a number.
    if (square <= limit * limit) continue;
    const auto factor = static_cast<Real>(limit / std::sqrt(square));
    for (std::int64_t k = 0; k < dimension; ++k) row[k] *= factor;
  }
}

template void drift_and_diffuse(const float*, const float*, const float*, std::int64_t, float, float, float*);
template void drift_and_diffuse(const double*, const double*, const double*, std::int64_t, double, double,
                                double*);
template void normalise_rows(float*, std::int64_t, std::int64_t);
template void normalise_rows(double*, std::int64_t, std::int64_t);
template void shorten_rows(float*, std::int64_t, std::int64_t, double);
template void shorten_rows(double*, std::int64_t, std::int64_t, double);

}  // namespace ebm
