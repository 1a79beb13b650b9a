#pragma once

#include <torch/types.h>

#include <string>

namespace ebm {

/// "cpu", "cuda" or "cuda:I". @throws UserError if it is none of these, or not there.
c10::Device parse_device(const std::string& text);

/// x in a dtype and on a device. From the CPU to a CUDA device it goes through pinned memory, so that the
/// host need not wait for the copy.
torch::Tensor moved_to(const torch::Tensor& x, const torch::TensorOptions& options);

/// Number of processor cores this process may use.
int available_cores();

}  // namespace ebm
