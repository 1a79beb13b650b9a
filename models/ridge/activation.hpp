#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "dualebm/models/ridge/activation_kind.hpp"

namespace ebm {

/// The non-linearity σ of a ridge feature φ(x, z) = σ(<x, z>).
class Activation {
 public:
  using Kind = ActivationKind;

  /// @param name  "relu": max(u, 0); "squared_relu": max(u, 0)²; "softplus": log(1 + e^u)
  explicit Activation(const std::string& name);

  static std::vector<std::string> names() { return {"relu", "squared_relu", "softplus"}; }

  /// σ(u), differentiable.
  torch::Tensor value(const torch::Tensor& u) const;

  Kind kind() const { return kind_; }

  bool smooth() const { return kind_ == Kind::softplus; }

 private:
  Kind kind_;
};

}  // namespace ebm
