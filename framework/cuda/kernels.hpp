#pragma once

#include <cstdint>

/// CUDA kernels of the framework. Pointers are to the memory of one device; everything happens on a stream of
/// it, in order, and nothing waits. Only in a build with EBM_WITH_CUDA. Each returns what its launch says: 0
/// (cudaSuccess) or a cudaError_t. @param stream a cudaStream_t
namespace ebm::cuda {

/// A draw of standard normals, see philox_device.hpp. Its number is on the device, so that a replayed CUDA
/// graph draws anew.
struct Draw {
  std::uint64_t key;
  const std::int64_t* number;
};

/// out = numbers 0 ... count - 1 of the draw.
template <class Real>
int fill_normals(const Draw& draw, std::int64_t count, Real* out, void* stream);

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
