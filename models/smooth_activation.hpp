#pragma once

#include <torch/types.h>

#include <functional>
#include <string>
#include <vector>

#include "dualebm/models/smooth_activation_kind.hpp"

namespace ebm {

/// An infinitely differentiable non-linearity of deep energies, applied to every number: what score matching,
/// which differentiates an energy three times, asks for.
using SmoothActivation = std::function<torch::Tensor(const torch::Tensor&)>;

/// @param name  "softplus": log(1 + e^u), "silu": u / (1 + e^-u), "tanh", "gelu": u Φ(u)
SmoothActivation smooth_activation(const std::string& name);

std::vector<std::string> smooth_activation_names();

/// The same by its name, for kernels.
SmoothActivationKind smooth_activation_kind(const std::string& name);

/// Energy of the Gaussian N(0, s² I) up to a constant, |x|² / (2 s²) over all but the first axis: [N, d...]
/// -> [N]. Added to a network it makes exp(-E) integrable on R^d whenever the network falls slower than
/// quadratically.
torch::Tensor confinement_energy(const torch::Tensor& x, double deviation);

}  // namespace ebm
