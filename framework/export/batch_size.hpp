#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include <cstdint>

namespace ebm {

/// A trace keeps a size that C++ code read, such as x.size(0) in a view, as the number that it was: 7, and 28
/// where it was multiplied by the four heads of an attention. Two traces of the same program, of n and of m
/// points, differ in just these numbers; here those of the first that are a n + b, and a m + b in the second,
/// with whole numbers a and b, become a size(x, 0) + b again.
///
/// What is not of this form stays, and so does everything where the traces are not the same operators in the
/// same order: whether the result is the live function is for verify_fidelity to say.
/// @param graph   of n points, whose last input is x; changed in place
/// @param larger  of m points
void free_batch_size(torch::jit::Graph& graph, std::int64_t n, torch::jit::Graph& larger, std::int64_t m);

}  // namespace ebm
