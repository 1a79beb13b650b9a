#pragma once

#include <torch/types.h>

#include <string>

namespace ebm {

/// Watches a trace for numbers that leave tensors: `item()`, a tensor as a condition, `equal`.
///
/// A trace records operators on tensors. A number that the program takes out of one is, from there on, a
/// constant of the trace, and a branch on it is the branch that was taken once. While an object of this class
/// lives, every such read on its thread is noted, told apart by what the tensor was computed from. A tensor
/// compared with itself, as attention does with its query and its key, is no read: that is true of every x.
class ValueReads final {
 public:
  ValueReads();
  ~ValueReads();
  ValueReads(const ValueReads&) = delete;
  ValueReads& operator=(const ValueReads&) = delete;

  /// The operator that read a number that depends on the traced input; empty if none did.
  const std::string& of_input() const { return of_input_; }

  /// The operator that read a number that does not: of weights, or of tensors made on the way.
  const std::string& of_weights() const { return of_weights_; }

  /// Whether a backward pass ran inside the trace.
  bool of_backward() const { return of_backward_; }

  /// Called for each read.
  void note(const std::string& name, const torch::Tensor& tensor);
  /// Called for each backward pass.
  void note_backward() { of_backward_ = true; }

 private:
  std::uint64_t handle_;
  std::string of_input_, of_weights_;
  bool of_backward_ = false;
};

}  // namespace ebm
