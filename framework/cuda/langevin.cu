#include <cuda_runtime_api.h>

#include "framework/cuda/langevin_kernels.hpp"

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

template <class Real>
int fill_normals(const Draw& draw, std::int64_t count, Real* out, void* stream) {
  if (count == 0) return cudaSuccess;
  const auto counters = (count + group_size<Real> - 1) / group_size<Real> * 16;
  const auto wanted = (counters + threads - 1) / threads;
  const auto blocks = static_cast<unsigned>(wanted < 65536 ? wanted : 65536);
  write_normals<Real><<<blocks, threads, 0, static_cast<cudaStream_t>(stream)>>>(draw, count, out);
  return cudaGetLastError();
}

template int langevin_step(const LangevinStep<float>&, void*);
template int langevin_step(const LangevinStep<double>&, void*);
template int fill_normals(const Draw&, std::int64_t, float*, void*);
template int fill_normals(const Draw&, std::int64_t, double*, void*);

}  // namespace ebm::cuda
