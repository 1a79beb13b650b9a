#pragma once

#include "dualebm/datasets/toys/toy_density.hpp"

namespace ebm {

/// A mixture of K equal Gaussians around given centres: p(x) = (1/K) Σ_k N(x; c_k, σ² I).
///
/// A curve with noise is one too, with centres so close along it that they cannot be told apart; the samples
/// come from the same mixture, so that the density is exact for any K. Buffer "centres" [K, 2].
class ToyMixture final : public ToyDensity {
 public:
  /// @param centres [K, 2], double @param deviation  σ
  ToyMixture(torch::Tensor centres, double deviation);
  torch::Tensor sample(std::int64_t count, Random& random) const override;
  Grid grid() const override;

 protected:
  torch::Tensor log_density(const torch::Tensor& x) const override;

 private:
  torch::Tensor centres_;
  double deviation_;
};

/// Eight centres on a circle of radius 3.
torch::Tensor eight_centres();

/// Two half-circles of radius 2, each reaching into the other; centres at most σ apart.
torch::Tensor moon_centres(double deviation);

/// Two spirals of Archimedes, one and a half turns from the origin out to radius 3.6, each the other turned
/// by half a turn. Centres lie at t = (k + ½) / K with angle 3π √t, nearly equally far from each other.
torch::Tensor spiral_centres(double deviation);

}  // namespace ebm
