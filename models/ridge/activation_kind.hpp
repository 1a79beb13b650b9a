#pragma once

namespace ebm {

/// The non-linearities σ that ridge features know: max(u, 0), max(u, 0)², log(1 + e^u).
enum class ActivationKind { relu, squared_relu, softplus };

}  // namespace ebm
