#pragma once

namespace ebm {

/// The non-linearities that deep energies know: log(1 + e^u), u / (1 + e^-u), tanh u, u Φ(u).
enum class SmoothActivationKind { softplus, silu, tanh, gelu };

}  // namespace ebm
