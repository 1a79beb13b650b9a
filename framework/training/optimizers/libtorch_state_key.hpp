#pragma once

#include <torch/optim/optimizer.h>
#include <torch/version.h>

namespace ebm {

/// The key under which LibTorch's optimizers keep the state of a parameter: a text up to
/// 1.13, an address since 2.0.
inline auto state_key(const torch::Tensor& parameter) {
#if TORCH_VERSION_MAJOR >= 2
  return static_cast<void*>(parameter.unsafeGetTensorImpl());
#else
  return c10::guts::to_string(parameter.unsafeGetTensorImpl());
#endif
}

}  // namespace ebm
