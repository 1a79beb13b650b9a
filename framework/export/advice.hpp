#pragma once

#include <fmt/format.h>

#include <string>

/// Why a trace is not the live function, and what to write instead.
namespace ebm::advice {

/// Where the copy gives other numbers at the points it was traced at.
inline constexpr const char* blind_kernel =
    "a part of forward is invisible to the trace, such as a kernel that writes through data_ptr: give it a "
    "form in tensor operators for while torch::jit::tracer::isTracing()";
/// Where the copy is right there and wrong at other points.
inline constexpr const char* value_dependent =
    "forward depends on values in a way that a trace cannot follow, such as a branch, or a number read "
    "through data_ptr or an accessor: use torch::where and tensors instead";
/// Where the copy is right for batches of one size.
inline constexpr const char* baked_size =
    "the size of the batch is fixed in the trace, such as by x.size(0) as a number or a loop over points: "
    "take means with mean(), and let operators go over the points";
/// Where LibTorch refuses a constant that requires a gradient.
inline constexpr const char* nameless_weight =
    "forward uses a tensor that requires a gradient and was not registered with register_parameter: it "
    "would be a constant of the file";
/// Where E agrees and its gradient does not.
inline constexpr const char* other_backward =
    "does forward leave autograd on the way (detach, a NoGradGuard, a torch::autograd::Function with a "
    "backward of its own)?";
/// Where a backward pass ran inside the trace.
inline constexpr const char* differentiating =
    "forward differentiates on its way (autograd::grad or backward), which a trace cannot follow: write "
    "the derivative in operators, or export the weights alone, as safetensors";

/// Why a copy may fail in another precision, by an operator that is given a dtype which x does not have.
inline std::string fixed_dtype(const std::string& operation) {
  if (operation.empty()) return "a dtype is fixed in forward: take it from a tensor, as .type_as(x) does";
  if (operation == "to") return "the dtype of a .to(...) in forward is fixed: use .type_as(x)";
  return fmt::format(
      "the dtype of a {}(...) in forward is fixed: give it x.options(), or end forward with .type_as(x)",
      operation);
}

}  // namespace ebm::advice
