#pragma once

#include <torch/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <variant>

namespace torch::nn {
class Module;
}

namespace ebm {

/// Named tensors, numbers and texts: what something remembers, as a checkpoint holds it. Parts are names
/// with a dot: "trainer.particles". It knows nothing of files; storage/ writes it in a format that runs
/// no code when it is read.
class State final {
 public:
  /// What a name stands for.
  using Value = std::variant<torch::Tensor, std::int64_t, double, std::string>;

  /// One value, in place of one of the same name. A tensor shares its memory and leaves its graph behind.
  void write(const std::string& name, const torch::Tensor& value) { values_[name] = value.detach(); }
  void write(const std::string& name, std::int64_t value) { values_[name] = value; }        ///< likewise
  void write(const std::string& name, double value) { values_[name] = value; }              ///< likewise
  void write(const std::string& name, const std::string& value) { values_[name] = value; }  ///< likewise
  /// Everything of another state, below a name.
  void write(const std::string& name, const State& part);

  /// Whether there is a value of this name, or a part.
  bool has(const std::string& name) const;

  /// @throws UserError naming the value if it is not there or of another kind
  torch::Tensor tensor(const std::string& name) const;
  std::int64_t integer(const std::string& name) const;  ///< likewise
  double number(const std::string& name) const;         ///< likewise; an integer is none
  std::string text(const std::string& name) const;      ///< likewise
  /// What is below a name; empty if there is nothing.
  State part(const std::string& name) const;

  /// A tensor that must look like another: in shape and dtype. @return on its device
  torch::Tensor tensor_like(const std::string& name, const torch::Tensor& like) const;

  /// All of them, by their full names.
  const std::map<std::string, Value>& values() const { return values_; }

 private:
  template <class Kind>
  const Kind& value(const std::string& name, const char* kind) const;

  std::map<std::string, Value> values_;
};

/// Parameters and buffers of a module by their names.
State state_of(const torch::nn::Module& module);

/// Copies them back, into the tensors that are there: whoever holds one of them sees the new numbers.
/// @throws UserError, and changes nothing, if one is missing, left over, or of another shape or dtype
void restore(torch::nn::Module& module, const State& state);

}  // namespace ebm
