#pragma once

#include "dualebm/framework/compute/cuda/normal_launches.hpp"
#include "dualebm/framework/compute/cuda/philox_device.hpp"

/// The kernels of normal_launches.hpp, apart from their launches, so that a test can run them on the CPU,
/// thread by thread.
namespace ebm::cuda {

constexpr int threads = 128;  // of a block

/// A thread takes a counter of Philox and writes all numbers that come of it.
template <class Real>
__global__ void __launch_bounds__(threads)
    write_normals(Draw draw, std::int64_t count, Real* __restrict__ out) {
  const std::int64_t worker = static_cast<std::int64_t>(blockIdx.x) * threads + threadIdx.x;
  fill_normals<Real>(draw.key, static_cast<std::uint64_t>(*draw.number), 0, count, out, worker,
                     static_cast<std::int64_t>(gridDim.x) * threads);
}

}  // namespace ebm::cuda
