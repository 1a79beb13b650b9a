#include "dualebm/models/ridge/ridge_energy.hpp"

#include <ATen/ATen.h>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/models/ridge/features.hpp"

namespace ebm {

std::int64_t RidgeEnergy::dimension_of(const Domain& domain, const char* energy) {
  require(domain.has_probability_base(),
          "{} lives on a domain of finite measure (sphere, torus, box), not on {}", energy, domain.name());
  return domain.dimension();
}

torch::Tensor RidgeEnergy::lifted(const torch::Tensor& x) const {
  return bias_ ? torch::cat({x, torch::ones_like(x.narrow(1, 0, 1))}, 1) : x;
}

torch::Tensor RidgeEnergy::forward(const torch::Tensor& x) {
  const auto [z, c] = expansion();
  return ridge::value(x, z, c, activation_, bias_);
}

torch::Tensor RidgeEnergy::gradient(const torch::Tensor& x) {
  const auto [z, c] = expansion();
  return ridge::gradient(x, z, c, activation_, bias_);
}

std::pair<torch::Tensor, torch::Tensor> RidgeEnergy::value_and_gradient(const torch::Tensor& x) {
  const auto [z, c] = expansion();
  return ridge::value_and_gradient(x, z, c, activation_, bias_);
}

torch::Tensor RidgeEnergy::features(const torch::Tensor& x) const {
  const auto z = neurons().positions.to(x.options());
  return activation_.value(lifted(x).matmul(z.t()));
}

RowGradient RidgeEnergy::row_gradient(const torch::Tensor& like) {
  const auto [z, c] = expansion();
  return ridge::row_gradient(like, z, c, activation_, bias_);
}

}  // namespace ebm
