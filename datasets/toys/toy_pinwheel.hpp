#pragma once

#include "dualebm/datasets/toys/toy_density.hpp"

namespace ebm {

/// Five arms: a mixture of five Gaussians, long along the radius and thin across, is twisted by the angle
/// φ(r) = 2.4 r² / (2.5² + r²). The twist turns every circle as a whole, so that it keeps areas, and it fades
/// far out, where the force points home:
///
///     p(x) = q(R(-φ(|x|)) x),   q(u) = (1/5) Σ_k N(R(-2πk/5) u; (2.1, 0), diag(0.5², σ²)).
class ToyPinwheel final : public ToyDensity {
 public:
  /// @param deviation  σ, across an arm
  explicit ToyPinwheel(double deviation) : deviation_(deviation) {}
  torch::Tensor sample(std::int64_t count, Random& random) const override;
  Grid grid() const override;

 protected:
  torch::Tensor log_density(const torch::Tensor& x) const override;

 private:
  double deviation_;
};

}  // namespace ebm
