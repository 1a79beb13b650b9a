#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

namespace ebm {

/// How fast a device does something.
struct Speed {
  std::string what;       ///< with its sizes
  double seconds = 0;     ///< median of several
  double operations = 0;  ///< in single precision, a multiply-add counted as two; 0: not counted
  double bytes = 0;       ///< read and written at the least; 0: not counted
};

/// Gradient and moments of a shallow energy, a Langevin step, an iteration of dual GDA by a graph and
/// without; and what LibTorch's matrix product and copy reach, to hold them against. Sizes that a GPU takes a
/// moment for, smaller ones on the CPU.
std::vector<Speed> speeds_on(torch::Device device);

}  // namespace ebm
