#pragma once

#include <cstdint>

/// Standard normals as CUDA kernels. Pointers are to the memory of one device; everything happens on a stream
/// of it, in order, and nothing waits. Only in a build with EBM_WITH_CUDA. Each returns what its launch says:
/// 0 (cudaSuccess) or a cudaError_t.
/// @param stream a cudaStream_t
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

}  // namespace ebm::cuda
