#pragma once

#include <torch/csrc/jit/api/module.h>

#include <string>

#include "dualebm/framework/export/trace_hints.hpp"
#include "dualebm/framework/problem/energy.hpp"
#include "dualebm/framework/problem/transform.hpp"

namespace ebm {

/// An energy of raw points as TorchScript.
struct TracedEnergy {
  /// `forward(x)` -> E(T(x)) - log |det ∂T/∂x|, `score(x)` -> minus its gradient; its tensors are the live
  /// ones, named as in the live modules under "energy" and "transform".
  torch::jit::Module module;
  /// Whether numbers were computed from the weights and are fixed now: true at these weights, not at others.
  bool weights_read = false;
  TraceHints hints;  ///< for the advice where it is not the live energy
};

/// The energy's points T(x) of raw points x: T in double, whatever precision x has, and then the precision of
/// the energy's own tensors, which follows them when a copy is converted. x itself where T is the identity.
torch::Tensor energy_points(Energy& energy, TransformChain& transform, const torch::Tensor& x);

/// Records what an energy does to a batch of points, twice, with batches of two sizes, so that sizes which
/// follow the batch are told from those that do not (free_batch_size). Its parameters and buffers stay what
/// they are; a tensor that it has not registered would be a constant and is refused, as are reads of values
/// that depend on x.
/// @param points  [N, d], raw, see input_type_of; N at least 3, and unlike d, so that a size baked in shows
/// @throws UserError  saying why it cannot be traced
TracedEnergy trace_energy(Energy& energy, TransformChain& transform, const torch::Tensor& points);

/// What an exception says: all lines of a user's; of LibTorch's interpreter the error itself, without the
/// stack.
std::string essence(const std::exception& error);

}  // namespace ebm
