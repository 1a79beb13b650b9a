#pragma once

#include <cstdint>

namespace ebm::ridge {

/// Slopes that the fused kernels know: 1[u > 0] and max(u, 0), the latter without its factor 2.
enum class Slope { step, ramp };

/// Whether the fused kernels are the faster way: where neurons and coordinates are few, the matrix of
/// pre-activations costs more to write and read than to compute again. Elsewhere matrix products win.
constexpr bool prefers_fused(std::int64_t neurons, std::int64_t dimension) {
  return dimension <= 32 && neurons * dimension <= 16384;
}

/// result_i = Σ_j c_j slope(<x_i, z_j>) z_j in one pass, with pre-activations in registers.
/// @param x, result [rows, d], contiguous @param z [m, d] @param c [m]
template <class Real>
void fused_gradient(const Real* x, std::int64_t rows, std::int64_t dimension, const Real* z, const Real* c,
                    std::int64_t neurons, Slope slope, Real* result);

/// sums_j += Σ_i weight_i slope(<x_i, z_j>) x_i in one pass.
/// @param weight [rows] @param sums [m, d]
template <class Real>
void fused_moments(const Real* x, const Real* weight, std::int64_t rows, std::int64_t dimension,
                   const Real* z, std::int64_t neurons, Slope slope, Real* sums);

}  // namespace ebm::ridge
