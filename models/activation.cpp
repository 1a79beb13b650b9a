#include "models/activation.hpp"

#include <ATen/ATen.h>

#include "framework/error.hpp"

namespace ebm {
namespace {

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
      return at::softplus(u);
  }
  return {};
}

void Activation::slope_in_place(torch::Tensor& u) const {
  switch (kind_) {
    case Kind::relu:
      u.gt_(0);
      return;
    case Kind::squared_relu:
      u.clamp_min_(0);
      return;
    case Kind::softplus:
      u.sigmoid_();
      return;
  }
}

std::optional<ridge::Slope> Activation::slope() const {
  switch (kind_) {
    case Kind::relu:
      return ridge::Slope::step;
    case Kind::squared_relu:
      return ridge::Slope::ramp;
    case Kind::softplus:
      return std::nullopt;
  }
  return std::nullopt;
}

double Activation::homogeneity() const {
  switch (kind_) {
    case Kind::relu:
      return 1;
    case Kind::squared_relu:
      return 2;
    case Kind::softplus:
      return 0;
  }
  return 0;
}

}  // namespace ebm
