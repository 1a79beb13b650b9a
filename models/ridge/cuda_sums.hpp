#pragma once

#include <cstdint>

#include "dualebm/models/ridge/activation_kind.hpp"

/// The sums of device_arithmetic.hpp as CUDA kernels, for rows that fit in a thread's registers. Pointers are
/// to the memory of one device; everything happens on a stream of it, in order, and nothing waits. Only in a
/// build with EBM_WITH_CUDA.
namespace ebm::ridge::cuda {

/// Coordinates that the kernels take at most; more are for matrix products.
constexpr std::int64_t largest_dimension = 16;

/// Sizes of a sum over others for each row.
struct SumsSize {
  std::int64_t rows, others, dimension;
  bool with_feature;

  /// Numbers of a result: direction [rows, d], then, if asked for, feature [rows].
  std::int64_t numbers() const { return rows * (dimension + (with_feature ? 1 : 0)); }
};

/// Numbers of room that `sums` needs besides its result; 0 where there is only one chunk.
std::int64_t partial_numbers(const SumsSize& size);

/// result = the sums of device_arithmetic.hpp, in an order that depends on the sizes alone.
/// @param rows [rows, d] @param others [others, d] @param weights [others]; contiguous
/// @param partial room for `partial_numbers` @param result room for `numbers` @param stream a cudaStream_t
/// @return what the launches say: 0 (cudaSuccess) or a cudaError_t
template <class Real>
int sums(const SumsSize& size, ActivationKind sigma, const Real* rows, const Real* others,
         const Real* weights, Real* partial, Real* result, void* stream);

}  // namespace ebm::ridge::cuda
