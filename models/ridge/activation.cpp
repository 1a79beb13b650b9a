#include "dualebm/models/ridge/activation.hpp"

#include <ATen/ATen.h>

#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

/// From here on log(1 + e^u) = u in double; LibTorch's own threshold of 20 leaves an error of 2e-9.
constexpr double softplus_threshold = 40;

Activation::Kind kind_of(const std::string& name) {
  if (name == "relu") return Activation::Kind::relu;
  if (name == "squared_relu") return Activation::Kind::squared_relu;
  if (name == "softplus") return Activation::Kind::softplus;
  fail("unknown activation \"{}\"; known: relu, squared_relu, softplus", name);
}

}  // namespace

Activation::Activation(const std::string& name) : kind_(kind_of(name)) {}

torch::Tensor Activation::value(const torch::Tensor& u) const {
  switch (kind_) {
    case Kind::relu:
      return u.relu();
    case Kind::squared_relu:
      return u.relu().square();
    case Kind::softplus:
      return at::softplus(u, 1, softplus_threshold);
  }
  return {};
}

}  // namespace ebm
