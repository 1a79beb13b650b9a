#include <cuda_runtime_api.h>

#include "dualebm/framework/sampling/cuda/langevin_kernels.hpp"

namespace ebm::cuda {
template <class Real>
int langevin_step(const LangevinStep<Real>& step, void* stream) {
  const auto drawn = step.antithetic ? step.particles / 2 : step.particles;
  if (drawn == 0 || step.dimension == 0) return cudaSuccess;
  const auto rows = rows_of_block<Real>(step.dimension);
  const auto blocks = static_cast<unsigned>((drawn + rows - 1) / rows);
  const auto bytes = static_cast<std::size_t>(rows * (2 * step.dimension + 1)) * sizeof(Real);
  step_rows<Real><<<blocks, threads, bytes, static_cast<cudaStream_t>(stream)>>>(step, drawn, rows);
  return cudaGetLastError();
}

template int langevin_step(const LangevinStep<float>&, void*);
template int langevin_step(const LangevinStep<double>&, void*);

}  // namespace ebm::cuda
