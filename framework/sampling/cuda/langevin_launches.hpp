#pragma once

#include <cstdint>

#include "dualebm/framework/compute/cuda/normal_launches.hpp"

/// Langevin steps as CUDA kernels. Pointers are to the memory of one device; everything happens on a stream
/// of it, in order, and nothing waits. Only in a build with EBM_WITH_CUDA. Each returns what its launch says:
/// 0 (cudaSuccess) or a cudaError_t.
/// @param stream a cudaStream_t
namespace ebm::cuda {

/// One Langevin step, Y = X - h ∇E(X) + s ξ and X <- Y or Y/|Y|.
template <class Real>
struct LangevinStep {
  std::int64_t particles, dimension;
  const Real* positions;  ///< X, [N, d]
  const Real* gradient;   ///< ∇E(X), [N, d]
  Real* result;           ///< [N, d]; may be `positions`
  Real step, noise;       ///< h and s
  bool antithetic;        ///< the second half of the particles gets -ξ of the first; N is even
  bool on_sphere;         ///< whether to divide by the norm
  Draw draw;              ///< ξ of particle i is its numbers i d ... i d + d - 1
};

/// Coordinates that a Langevin step takes at most: two rows of doubles have to fit in shared memory.
constexpr std::int64_t largest_langevin_dimension = 2048;

template <class Real>
int langevin_step(const LangevinStep<Real>& step, void* stream);

}  // namespace ebm::cuda
