#pragma once

#include "dualebm/framework/compute/cuda/normal_kernels.hpp"
#include "dualebm/framework/sampling/cuda/langevin_launches.hpp"

/// The kernels of langevin_launches.hpp, apart from their launches, so that a test can run them on
/// the CPU, thread by thread.
namespace ebm::cuda {

constexpr std::int64_t most_rows = 64, shared_bytes = 40 * 1024;

/// Rows of a block: whole groups of normals where there is room, and two tiles in shared memory.
template <class Real>
std::int64_t rows_of_block(std::int64_t dimension) {
  const auto room = shared_bytes / static_cast<std::int64_t>(2 * sizeof(Real) * dimension);
  return room < 1 ? 1 : room > most_rows ? most_rows : room;
}

/// A block makes the noise of its rows together, every thread some counters, then moves the rows coordinate
/// by coordinate, so that reads and writes are of neighbours; a thread a row takes the norm. Antithetic rows,
/// which are half the particles apart, share the noise and so the block.
template <class Real>
__global__ void __launch_bounds__(threads)
    step_rows(LangevinStep<Real> s, std::int64_t drawn, std::int64_t rows) {
  const std::int64_t d = s.dimension, first = blockIdx.x * rows;
  const int count = static_cast<int>(first + rows < drawn ? rows : drawn - first);
  const int numbers = static_cast<int>(count * d);
  Real* const noise = reinterpret_cast<Real*>(shared_memory());
  Real* const moved = noise + rows * d;
  Real* const norms = moved + rows * d;
  fill_normals<Real>(s.draw.key, static_cast<std::uint64_t>(*s.draw.number), first * d, first * d + numbers,
                     noise, threadIdx.x, threads);
  __syncthreads();
  for (int half = 0; half < (s.antithetic ? 2 : 1); ++half) {
    const std::int64_t offset = (half == 0 ? first : first + drawn) * d;
    const Real size = half == 0 ? s.noise : -s.noise;
    for (int i = threadIdx.x; i < numbers; i += threads) {
      moved[i] = s.positions[offset + i] - s.step * s.gradient[offset + i] + size * noise[i];
    }
    __syncthreads();
    for (int row = threadIdx.x; row < count; row += threads) {
      Real square = 0;
      for (int k = 0; k < d; ++k) square += moved[row * d + k] * moved[row * d + k];
      // An infinite length less itself is not a number: what overflows must not come out as zero.
      const Real length = std::sqrt(square);
      norms[row] = s.on_sphere ? length + (length - length) : Real(1);
    }
    __syncthreads();
    for (int i = threadIdx.x; i < numbers; i += threads)
      s.result[offset + i] = moved[i] / norms[i / static_cast<int>(d)];
    __syncthreads();
  }
}

}  // namespace ebm::cuda
