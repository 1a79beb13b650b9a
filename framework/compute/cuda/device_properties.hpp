#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace ebm::cuda {

/// What a CUDA device is.
struct DeviceProperties {
  std::string name;                  ///< as its maker calls it
  int major = 0, minor = 0;          ///< compute capability
  std::int64_t multiprocessors = 0;  ///< that run at once
  double clock = 0;                  ///< the highest, in Hz
  double memory = 0;                 ///< in bytes

  /// Multiply-adds in single precision at the highest clock, in operations a second, a
  /// multiply-add counted as two.
  double peak_operations() const;
};

/// None on another device, and in a build without a CUDA compiler.
std::optional<DeviceProperties> properties_of(torch::Device device);

}  // namespace ebm::cuda
