#pragma once

#include <torch/csrc/jit/ir/ir.h>
#include <torch/types.h>

#include <string>

namespace ebm {

/// A dtype that C++ code took from x, such as in torch::ones({3}, x.options()) or in .to(x.scalar_type()), is
/// a number of a trace. Where it is the dtype that the energy was traced in, it becomes that of its points
/// again, so that the file follows `.to(float64)`; in its own precision nothing changes. What comes before
/// the energy's points, a transform in double, is left alone.
/// @param graph  whose last input is x; changed in place @param points  those of the energy
void free_dtype(torch::jit::Graph& graph, torch::jit::Value* points, torch::ScalarType traced);

/// The first operator behind the energy's points that is still told a floating-point dtype, if there
/// is one: "to", or "ones".
std::string fixed_dtype(torch::jit::Graph& graph, torch::jit::Value* points);

}  // namespace ebm
