#include <cuda_runtime_api.h>

#include "dualebm/framework/compute/cuda/normal_kernels.hpp"

namespace ebm::cuda {
template <class Real>
int fill_normals(const Draw& draw, std::int64_t count, Real* out, void* stream) {
  if (count == 0) return cudaSuccess;
  const auto counters = (count + group_size<Real> - 1) / group_size<Real> * 16;
  const auto wanted = (counters + threads - 1) / threads;
  const auto blocks = static_cast<unsigned>(wanted < 65536 ? wanted : 65536);
  write_normals<Real><<<blocks, threads, 0, static_cast<cudaStream_t>(stream)>>>(draw, count, out);
  return cudaGetLastError();
}

template int fill_normals(const Draw&, std::int64_t, float*, void*);
template int fill_normals(const Draw&, std::int64_t, double*, void*);

}  // namespace ebm::cuda
