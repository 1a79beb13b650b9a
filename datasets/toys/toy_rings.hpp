#pragma once

#include "dualebm/datasets/toys/toy_density.hpp"

namespace ebm {

/// Three circles of radius R = 1.2, 2.4 and 3.6, equally dense along their length, with Gaussian noise:
///
///     p(x) = Σ_k w_k / (2πσ²) exp(-(r² + R_k²) / 2σ²) I_0(r R_k / σ²),   r = |x|,   w_k = k / 6,
///
/// the mean of N(x; c, σ² I) over c uniform on a circle: Mardia & Jupp 2000, §3.5.4, for the integral.
class ToyRings final : public ToyDensity {
 public:
  /// @param deviation  σ
  explicit ToyRings(double deviation) : deviation_(deviation) {}
  torch::Tensor sample(std::int64_t count, Random& random) const override;
  Grid grid() const override;

 protected:
  torch::Tensor log_density(const torch::Tensor& x) const override;

 private:
  double deviation_;
};

}  // namespace ebm
