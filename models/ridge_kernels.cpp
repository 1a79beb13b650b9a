#include "models/ridge_kernels.hpp"

#include <algorithm>
#include <vector>

// One source, compiled for three instruction sets; the loader picks the best the processor has.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define EBM_EVERY_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EBM_EVERY_PROCESSOR
#endif
#define EBM_INLINE inline __attribute__((always_inline))

namespace ebm::ridge {
namespace {

template <class Real>
using Vector __attribute__((vector_size(64))) = Real;

/// Zeroed room for vectors, aligned by hand: the bare type has less alignment where the base instruction set
/// does.
template <class Real>
class Scratch {
 public:
  explicit Scratch(std::int64_t count) : cells_(static_cast<std::size_t>(count)) {}
  Vector<Real>* data() { return &cells_.data()->value; }

 private:
  struct alignas(64) Cell {
    Vector<Real> value{};
  };
  std::vector<Cell> cells_;
};

constexpr std::int64_t vectors =
    4;  // rows of a tile, in vectors: enough independent sums to hide the latency

template <class Real>
constexpr std::int64_t lanes = 64 / sizeof(Real);

template <class Real>
constexpr std::int64_t tile = vectors* lanes<Real>;

/// A tile of rows, coordinate by coordinate; rows beyond the end are zero, and a zero row has slope zero.
template <class Real>
EBM_INLINE void load_tile(const Real* x, std::int64_t rows, std::int64_t dimension, Vector<Real>* columns) {
  for (std::int64_t k = 0; k < dimension; ++k) {
    Real* column = reinterpret_cast<Real*>(columns + k * vectors);
    for (std::int64_t i = 0; i < rows; ++i) column[i] = x[i * dimension + k];
    for (std::int64_t i = rows; i < tile<Real>; ++i) column[i] = 0;
  }
}

/// u = <x, z_j> for the rows of a tile, then its slope.
template <class Real, Slope slope, std::int64_t fixed>
EBM_INLINE void slopes(const Vector<Real>* columns, std::int64_t dimension, const Real* z, Vector<Real>* u) {
  const std::int64_t d = fixed ? fixed : dimension;
  for (std::int64_t q = 0; q < vectors; ++q) u[q] = Vector<Real>{};
  for (std::int64_t k = 0; k < d; ++k) {
    for (std::int64_t q = 0; q < vectors; ++q) u[q] += columns[k * vectors + q] * z[k];
  }
  const Vector<Real> zero{}, one = zero + 1;
  for (std::int64_t q = 0; q < vectors; ++q) u[q] = u[q] > zero ? (slope == Slope::step ? one : u[q]) : zero;
}

template <class Real, Slope slope, std::int64_t fixed>
EBM_INLINE void gradient_tiles(const Real* x, std::int64_t rows, std::int64_t dimension, const Real* z,
                               const Real* c, std::int64_t neurons, Real* result) {
  const std::int64_t d = fixed ? fixed : dimension;
  Scratch<Real> scratch(2 * d * vectors);
  Vector<Real>* const columns = scratch.data();
  Vector<Real>* const sums = columns + d * vectors;
  for (std::int64_t begin = 0; begin < rows; begin += tile<Real>) {
    const auto count = std::min(tile<Real>, rows - begin);
    load_tile<Real>(x + begin * d, count, d, columns);
    for (std::int64_t i = 0; i < d * vectors; ++i) sums[i] = Vector<Real>{};
    for (std::int64_t j = 0; j < neurons; ++j) {
      Vector<Real> u[vectors];
      slopes<Real, slope, fixed>(columns, d, z + j * d, u);
      for (std::int64_t k = 0; k < d; ++k) {
        const Real factor = c[j] * z[j * d + k];
        for (std::int64_t q = 0; q < vectors; ++q) sums[k * vectors + q] += u[q] * factor;
      }
    }
    for (std::int64_t k = 0; k < d; ++k) {
      const Real* column = reinterpret_cast<const Real*>(sums + k * vectors);
      for (std::int64_t i = 0; i < count; ++i) result[(begin + i) * d + k] = column[i];
    }
  }
}

template <class Real, Slope slope, std::int64_t fixed>
EBM_INLINE void moment_tiles(const Real* x, const Real* weight, std::int64_t rows, std::int64_t dimension,
                             const Real* z, std::int64_t neurons, Real* sums) {
  const std::int64_t d = fixed ? fixed : dimension;
  Scratch<Real> scratch(2 * d * vectors + neurons * d);
  Vector<Real>* const columns = scratch.data();
  Vector<Real>* const weighted = columns + d * vectors;
  Vector<Real>* const partial = weighted + d * vectors;
  for (std::int64_t begin = 0; begin < rows; begin += tile<Real>) {
    const auto count = std::min(tile<Real>, rows - begin);
    load_tile<Real>(x + begin * d, count, d, columns);
    Vector<Real> share[vectors] = {};
    std::copy_n(weight + begin, count, reinterpret_cast<Real*>(share));
    for (std::int64_t k = 0; k < d; ++k) {
      for (std::int64_t q = 0; q < vectors; ++q)
        weighted[k * vectors + q] = columns[k * vectors + q] * share[q];
    }
    for (std::int64_t j = 0; j < neurons; ++j) {
      Vector<Real> u[vectors];
      slopes<Real, slope, fixed>(columns, d, z + j * d, u);
      for (std::int64_t k = 0; k < d; ++k) {
        const Vector<Real>* column = weighted + k * vectors;
        partial[j * d + k] += (u[0] * column[0] + u[1] * column[1]) + (u[2] * column[2] + u[3] * column[3]);
      }
    }
  }
  for (std::int64_t i = 0; i < neurons * d; ++i) {
    Real total = 0;
    for (std::int64_t lane = 0; lane < lanes<Real>; ++lane) total += partial[i][lane];
    sums[i] += total;
  }
}

/// Calls with the slope and, for the globe, the dimension as constants.
#define EBM_DISPATCH(function, ...)                               \
  if (slope == Slope::step) {                                     \
    dimension == 3 ? function<Real, Slope::step, 3>(__VA_ARGS__)  \
                   : function<Real, Slope::step, 0>(__VA_ARGS__); \
  } else {                                                        \
    dimension == 3 ? function<Real, Slope::ramp, 3>(__VA_ARGS__)  \
                   : function<Real, Slope::ramp, 0>(__VA_ARGS__); \
  }

#define EBM_KERNELS(Type, suffix)                                                                        \
  EBM_EVERY_PROCESSOR void gradient_##suffix(const Type* x, std::int64_t rows, std::int64_t dimension,   \
                                             const Type* z, const Type* c, std::int64_t neurons,         \
                                             Slope slope, Type* result) {                                \
    using Real = Type;                                                                                   \
    EBM_DISPATCH(gradient_tiles, x, rows, dimension, z, c, neurons, result)                              \
  }                                                                                                      \
  EBM_EVERY_PROCESSOR void moments_##suffix(const Type* x, const Type* weight, std::int64_t rows,        \
                                            std::int64_t dimension, const Type* z, std::int64_t neurons, \
                                            Slope slope, Type* sums) {                                   \
    using Real = Type;                                                                                   \
    EBM_DISPATCH(moment_tiles, x, weight, rows, dimension, z, neurons, sums)                             \
  }

EBM_KERNELS(float, float)
EBM_KERNELS(double, double)

#undef EBM_KERNELS
#undef EBM_DISPATCH

}  // namespace

template <>
void fused_gradient(const float* x, std::int64_t rows, std::int64_t dimension, const float* z, const float* c,
                    std::int64_t neurons, Slope slope, float* result) {
  gradient_float(x, rows, dimension, z, c, neurons, slope, result);
}

template <>
void fused_gradient(const double* x, std::int64_t rows, std::int64_t dimension, const double* z,
                    const double* c, std::int64_t neurons, Slope slope, double* result) {
  gradient_double(x, rows, dimension, z, c, neurons, slope, result);
}

template <>
void fused_moments(const float* x, const float* weight, std::int64_t rows, std::int64_t dimension,
                   const float* z, std::int64_t neurons, Slope slope, float* sums) {
  moments_float(x, weight, rows, dimension, z, neurons, slope, sums);
}

template <>
void fused_moments(const double* x, const double* weight, std::int64_t rows, std::int64_t dimension,
                   const double* z, std::int64_t neurons, Slope slope, double* sums) {
  moments_double(x, weight, rows, dimension, z, neurons, slope, sums);
}

}  // namespace ebm::ridge
