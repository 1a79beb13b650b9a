#pragma once

#include <gtest/gtest.h>
#include <torch/cuda.h>
#include <torch/types.h>

#include <string>

namespace ebm::testing {

/// What a test over devices runs on: the CPU, and CUDA where there is one.
inline auto devices() { return ::testing::Values(std::string("cpu"), std::string("cuda")); }

/// At the beginning of such a test.
#define EBM_NEEDS_DEVICE(name)                                     \
  if (std::string(name) == "cuda" && !torch::cuda::is_available()) \
  GTEST_SKIP() << "LibTorch sees no CUDA device"

}  // namespace ebm::testing
