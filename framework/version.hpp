#pragma once

#include <torch/version.h>

/// The version of this library; CMakeLists.txt reads it here.
#define DUALEBM_VERSION "0.1.0"

namespace ebm {

/// What a program, a plugin and the library must agree on to share objects: their versions of this library
/// and of LibTorch, which promise no stable binary interface.
inline constexpr const char* build_identity = "dualebm " DUALEBM_VERSION " with LibTorch " TORCH_VERSION;

}  // namespace ebm
