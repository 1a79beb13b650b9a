#pragma once

#include <c10/core/DeviceGuard.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAStream.h>

/// What a launch needs to know of LibTorch. Only in a build with EBM_WITH_CUDA.
namespace ebm::cuda {

/// The cudaStream_t that LibTorch's operators go to now.
inline void* current_stream(const c10::Device& device) {
  return c10::cuda::getCurrentCUDAStream(device.index()).stream();
}

/// @throws c10::Error unless a launch went well
inline void check(int code) { C10_CUDA_CHECK(static_cast<cudaError_t>(code)); }

}  // namespace ebm::cuda
