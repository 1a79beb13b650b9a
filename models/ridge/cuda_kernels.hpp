#pragma once

#include <cstdint>

#include "dualebm/models/ridge/device_arithmetic.hpp"

/// The kernels of cuda_sums.hpp, apart from their launches, so that a test can run them on the CPU, thread
/// by thread.
namespace ebm::ridge::cuda {

using device::RowSums;
using device::SumsGrid;

constexpr int threads = static_cast<int>(SumsGrid::threads);
constexpr int staged = 128;  // others in shared memory at a time

/// Numbers from one other to the next in shared memory: a thread reads four at once.
template <int capacity>
constexpr int stride_of = (capacity + 3) / 4 * 4;

/// A thread takes `held` rows, so that what it reads of shared memory serves them all, a block `threads`
/// times as many and one chunk of the others, which it stages through shared memory. Chunk by chunk the sums
/// are laid out as a result.
template <class Real, ActivationKind sigma, int capacity, bool with_feature, int held>
__global__ void __launch_bounds__(threads)
    sum_chunks(SumsGrid grid, int dimension, const Real* __restrict__ rows, const Real* __restrict__ others,
               const Real* __restrict__ weights, Real* __restrict__ result) {
  constexpr int stride = stride_of<capacity>;
  alignas(16) __shared__ Real tile[staged * stride];
  __shared__ Real shares[staged];
  const std::int64_t first_row = static_cast<std::int64_t>(blockIdx.x) * threads * held + threadIdx.x;
  const std::int64_t chunk = blockIdx.y;
  RowSums<Real, capacity> sums[held];
  EBM_UNROLL
  for (int r = 0; r < held; ++r) {
    const std::int64_t row = first_row + r * threads;
    sums[r].begin(rows + row * dimension, row < grid.rows ? dimension : 0);
  }
  const std::int64_t end = grid.chunk_begin(chunk + 1);
  for (std::int64_t first = grid.chunk_begin(chunk); first < end; first += staged) {
    const int count = end - first < staged ? static_cast<int>(end - first) : staged;
    __syncthreads();
    for (int i = threadIdx.x; i < count * stride; i += threads) {
      const int other = i / stride, k = i % stride;
      tile[i] = k < dimension ? others[(first + other) * dimension + k] : Real(0);
    }
    for (int i = threadIdx.x; i < count; i += threads) shares[i] = weights[first + i];
    __syncthreads();
    if (first_row >= grid.rows) continue;
    for (int other = 0; other < count; ++other) {
      Real coordinates[stride];
      EBM_UNROLL
      for (int k = 0; k < stride; ++k) coordinates[k] = tile[other * stride + k];
      EBM_UNROLL
      for (int r = 0; r < held; ++r) sums[r].template add<sigma, with_feature>(coordinates, shares[other]);
    }
  }
  Real* const target = result + chunk * grid.rows * (dimension + (with_feature ? 1 : 0));
  EBM_UNROLL
  for (int r = 0; r < held; ++r) {
    const std::int64_t row = first_row + r * threads;
    if (row >= grid.rows) continue;
    sums[r].template finish<sigma>();
    EBM_UNROLL
    for (int k = 0; k < capacity; ++k) {
      if (k < dimension) target[row * dimension + k] = sums[r].direction[k];
    }
    if (with_feature) target[grid.rows * dimension + row] = sums[r].feature;
  }
}

constexpr int columns = 32, strands = 8;

/// Adds up the chunks of 32 numbers to a block: strand s takes chunks s, s + 8, ..., then the first adds the
/// strands in order.
template <class Real>
__global__ void __launch_bounds__(columns* strands)
    add_chunks(std::int64_t numbers, std::int64_t chunks, const Real* __restrict__ partial,
               Real* __restrict__ result) {
  __shared__ Real sums[strands][columns];
  const std::int64_t number = static_cast<std::int64_t>(blockIdx.x) * columns + threadIdx.x;
  Real sum = 0;
  if (number < numbers) {
    for (std::int64_t chunk = threadIdx.y; chunk < chunks; chunk += strands)
      sum += partial[chunk * numbers + number];
  }
  sums[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y != 0 || number >= numbers) return;
  for (int strand = 1; strand < strands; ++strand) sum += sums[strand][threadIdx.x];
  result[number] = sum;
}

}  // namespace ebm::ridge::cuda
