#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace ebm {

/// LibTorch's own generator of a device, which dropout and other modules draw from: everything else here is
/// given its `Random`. An energy that draws from it is the same bits at the same seed if a training seeds it
/// and a checkpoint keeps its state.
void seed_default_generator(std::uint64_t seed, const at::Device& device);

/// Its state: bytes on the CPU, for a checkpoint.
at::Tensor default_generator_state(const at::Device& device);

/// Goes on where `state` was taken. @param state  of the same kind of device
void set_default_generator_state(const at::Tensor& state, const at::Device& device);

}  // namespace ebm
