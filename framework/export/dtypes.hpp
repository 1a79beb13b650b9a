#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include <string>

namespace ebm {

/// A dtype that C++ code took from x, such as in torch::ones({3}, x.options()) or in .to(x.scalar_type()), is
/// a number of a trace. Where it is the dtype that the trace was made in, it becomes that of x again, so that
/// the file follows `.to(float64)`; in its own precision nothing changes.
/// @param graph  whose last input is x; changed in place
void free_dtype(torch::jit::Graph& graph, torch::ScalarType traced);

/// The first operator that is still told a floating-point dtype, if there is one: "to", or "ones".
std::string fixed_dtype(torch::jit::Graph& graph);

}  // namespace ebm
