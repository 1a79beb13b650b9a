#include "framework/row_kernels.hpp"

#include <cmath>

#include "framework/columns.hpp"
#include "framework/instruction_set.hpp"

namespace ebm {
namespace {

template <class V, class Real>
EBM_INLINE void drift_and_diffuse_by(const Real* x, const Real* g, const Real* xi, std::int64_t count, Real h,
                                     Real s, Real* y) {
  std::int64_t i = 0;
  for (; i + V::lanes <= count; i += V::lanes) {
    V::store(y + i, V::load(x + i) - V::load(g + i) * h + V::load(xi + i) * s);
  }
  for (; i < count; ++i) y[i] = x[i] - g[i] * h + xi[i] * s;
}

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
template <class V, class Real>
EBM_INLINE void normalise_rows_by(Real* rows, std::int64_t count, std::int64_t dimension) {
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

// The entries: one source, compiled for each instruction set.
#define EBM_ENTRIES(attribute, name, bytes)                                                                 \
  template <class Real>                                                                                     \
  attribute void drift_and_diffuse_##name(const Real* x, const Real* g, const Real* xi, std::int64_t count, \
                                          Real h, Real s, Real* y) {                                        \
    drift_and_diffuse_by<Vectors<Real, bytes>>(x, g, xi, count, h, s, y);                                   \
  }                                                                                                         \
  template <class Real>                                                                                     \
  attribute void normalise_rows_##name(Real* rows, std::int64_t count, std::int64_t dimension) {            \
    normalise_rows_by<Vectors<Real, bytes>>(rows, count, dimension);                                        \
  }
EBM_ENTRIES(, portable, 16)
EBM_ENTRIES(EBM_AVX2, avx2, 32)
EBM_ENTRIES(EBM_AVX512, avx512, 64)
#undef EBM_ENTRIES

}  // namespace

template <class Real>
void drift_and_diffuse(const Real* x, const Real* g, const Real* xi, std::int64_t count, Real h, Real s,
                       Real* y) {
  switch (instruction_set()) {
    case InstructionSet::portable:
      return drift_and_diffuse_portable(x, g, xi, count, h, s, y);
    case InstructionSet::avx2:
      return drift_and_diffuse_avx2(x, g, xi, count, h, s, y);
    case InstructionSet::avx512:
      return drift_and_diffuse_avx512(x, g, xi, count, h, s, y);
  }
}

template <class Real>
void normalise_rows(Real* rows, std::int64_t count, std::int64_t dimension) {
  switch (instruction_set()) {
    case InstructionSet::portable:
      return normalise_rows_portable(rows, count, dimension);
    case InstructionSet::avx2:
      return normalise_rows_avx2(rows, count, dimension);
    case InstructionSet::avx512:
      return normalise_rows_avx512(rows, count, dimension);
  }
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
