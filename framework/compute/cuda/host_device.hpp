#pragma once

/// Marks the arithmetic of one thread of a CUDA kernel: a function that the device runs, and that any C++
/// compiler compiles for the CPU too, where tests hold it to known answers.
#if defined(__CUDACC__)
#define EBM_HOST_DEVICE __host__ __device__ __forceinline__
#else
#define EBM_HOST_DEVICE inline
#endif

/// Before a loop whose body keeps an array in registers.
#if defined(__CUDA_ARCH__)
#define EBM_UNROLL _Pragma("unroll")
#else
#define EBM_UNROLL
#endif

#if defined(__CUDACC__)
namespace ebm::cuda {

/// The shared memory that a block was launched with.
__device__ __forceinline__ double* shared_memory() {
  extern __shared__ double memory[];
  return memory;
}

}  // namespace ebm::cuda
#endif
