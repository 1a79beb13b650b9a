#pragma once

#include <torch/types.h>

#include <optional>
#include <string>
#include <vector>

#include "models/activation_kind.hpp"
#include "models/ridge_kernels.hpp"

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

  /// σ'(u) up to the constant factor `slope_factor`, computed in the memory of u. At the kink of the ReLU it
  /// is 0.
  void slope_in_place(torch::Tensor& u) const;
  double slope_factor() const { return kind_ == Kind::squared_relu ? 2.0 : 1.0; }

  Kind kind() const { return kind_; }

  /// The slope as the fused kernels know it, up to `slope_factor`; none for an activation they do not know.
  std::optional<ridge::Slope> slope() const;

  /// k with u σ'(u) = k σ(u), by which Σ_i σ(u_i) follows from Σ_i σ'(u_i) x_i; 0 if there is none.
  double homogeneity() const;

  bool smooth() const { return kind_ == Kind::softplus; }

 private:
  Kind kind_;
};

}  // namespace ebm
