#pragma once

#include <cstdint>

namespace ebm {

/// One leapfrog step of many particles in plain memory, the whole of MALA's proposal: rows [count, dimension]
/// in single or double precision, on one thread, with the best instructions that the processor has. Rows do
/// not depend on one another. The formulas are those of hamiltonian.hpp.
///
/// On R^d velocities are in units of their deviations σ, and a step of coordinate k is ε σ_k; on the sphere
/// they are tangent vectors and go along great circles.
template <class Real>
struct LeapfrogRows {
  std::int64_t dimension;
  const Real* steps;  ///< ε σ_k on R^d, [dimension]; on the sphere the first, ε, stands for all
  bool on_sphere;

  /// From x to y.
  /// @param gradient  ∇E at x @param noise  independent normals
  /// @param velocities  at y, but for their second half kick: memory of its own, as y is, since rows are
  /// written across their ends
  /// @param kinetic  |v|²/2 at the start, [count]
  void propose(const Real* x, const Real* gradient, const Real* noise, std::int64_t count, Real* velocities,
               Real* y, Real* kinetic) const;

  /// H(start) - H(end) of the same rows, [count].
  /// @param gradient  ∇E at y @param energy, end_energy  E at x and at y, [count]
  void log_ratios(const Real* y, const Real* gradient, const Real* velocities, std::int64_t count,
                  const Real* kinetic, const Real* energy, const Real* end_energy, double* ratios) const;
};

}  // namespace ebm
