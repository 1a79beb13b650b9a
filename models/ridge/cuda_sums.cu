#include "dualebm/models/ridge/cuda_sums.hpp"

#include <cuda_runtime_api.h>

#include "dualebm/models/ridge/cuda_kernels.hpp"

namespace ebm::ridge::cuda {
namespace {

template <class Real, ActivationKind sigma, int capacity>
void launch(const SumsSize& size, const Real* rows, const Real* others, const Real* weights, Real* result,
            cudaStream_t stream) {
  const auto grid = SumsGrid::best(size.rows, size.others);
  const dim3 blocks(static_cast<unsigned>(grid.row_blocks()), static_cast<unsigned>(grid.chunks()));
  const auto kernel = size.with_feature ? grid.held == 2 ? sum_chunks<Real, sigma, capacity, true, 2>
                                                         : sum_chunks<Real, sigma, capacity, true, 1>
                      : grid.held == 2 ? sum_chunks<Real, sigma, capacity, false, 2>
                                        : sum_chunks<Real, sigma, capacity, false, 1>;
  kernel<<<blocks, threads, 0, stream>>>(grid, static_cast<int>(size.dimension), rows, others, weights,
                                         result);
}

template <class Real, ActivationKind sigma>
void launch_for_dimension(const SumsSize& size, const Real* rows, const Real* others, const Real* weights,
                          Real* result, cudaStream_t stream) {
  if (size.dimension <= 3) return launch<Real, sigma, 3>(size, rows, others, weights, result, stream);
  if (size.dimension <= 4) return launch<Real, sigma, 4>(size, rows, others, weights, result, stream);
  if (size.dimension <= 8) return launch<Real, sigma, 8>(size, rows, others, weights, result, stream);
  if (size.dimension <= 12) return launch<Real, sigma, 12>(size, rows, others, weights, result, stream);
  if (size.dimension <= 15) return launch<Real, sigma, 15>(size, rows, others, weights, result, stream);
  launch<Real, sigma, 16>(size, rows, others, weights, result, stream);
}

}  // namespace

std::int64_t partial_numbers(const SumsSize& size) {
  const auto chunks = SumsGrid::best(size.rows, size.others).chunks();
  return chunks > 1 ? chunks * size.numbers() : 0;
}

template <class Real>
int sums(const SumsSize& size, ActivationKind sigma, const Real* rows, const Real* others,
         const Real* weights, Real* partial, Real* result, void* stream_pointer) {
  if (size.rows == 0) return cudaSuccess;
  const auto stream = static_cast<cudaStream_t>(stream_pointer);
  const auto chunks = SumsGrid::best(size.rows, size.others).chunks();
  Real* const target = chunks > 1 ? partial : result;
  switch (sigma) {
    case ActivationKind::relu:
      launch_for_dimension<Real, ActivationKind::relu>(size, rows, others, weights, target, stream);
      break;
    case ActivationKind::squared_relu:
      launch_for_dimension<Real, ActivationKind::squared_relu>(size, rows, others, weights, target, stream);
      break;
    case ActivationKind::softplus:
      launch_for_dimension<Real, ActivationKind::softplus>(size, rows, others, weights, target, stream);
      break;
  }
  if (chunks > 1) {
    const auto blocks = static_cast<unsigned>((size.numbers() + columns - 1) / columns);
    add_chunks<Real><<<blocks, dim3(columns, strands), 0, stream>>>(size.numbers(), chunks, partial, result);
  }
  return cudaGetLastError();
}

template int sums(const SumsSize&, ActivationKind, const float*, const float*, const float*, float*, float*,
                  void*);
template int sums(const SumsSize&, ActivationKind, const double*, const double*, const double*, double*,
                  double*, void*);

}  // namespace ebm::ridge::cuda
