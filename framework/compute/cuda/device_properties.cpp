#include "dualebm/framework/compute/cuda/device_properties.hpp"

#if defined(EBM_WITH_CUDA)
#include <cuda_runtime_api.h>

#include "dualebm/framework/compute/cuda/stream.hpp"
#endif

namespace ebm::cuda {

double DeviceProperties::peak_operations() const {
  // Lanes of single precision in a multiprocessor, by the CUDA C++ Programming Guide: 64
  // in 7.x and 8.0, else 128.
  const double lanes = major == 7 || (major == 8 && minor == 0) ? 64 : 128;
  return 2 * lanes * static_cast<double>(multiprocessors) * clock;
}

#if defined(EBM_WITH_CUDA)

std::optional<DeviceProperties> properties_of(torch::Device device) {
  if (!device.is_cuda()) return std::nullopt;
  const int index = device.has_index() ? device.index() : 0;
  cudaDeviceProp all{};
  check(cudaGetDeviceProperties(&all, index));
  int kilohertz = 0;  // no longer among the properties since CUDA 13
  check(cudaDeviceGetAttribute(&kilohertz, cudaDevAttrClockRate, index));
  return DeviceProperties{.name = all.name,
                          .major = all.major,
                          .minor = all.minor,
                          .multiprocessors = all.multiProcessorCount,
                          .clock = 1e3 * kilohertz,
                          .memory = static_cast<double>(all.totalGlobalMem)};
}

#else

std::optional<DeviceProperties> properties_of(torch::Device) { return std::nullopt; }

#endif

}  // namespace ebm::cuda
