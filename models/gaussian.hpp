#pragma once

#include "dualebm/framework/problem/energy_context.hpp"

namespace ebm {

/// Gaussian on R^d with independent coordinates, all of it known in closed form:
///
///     E(x) = ½ Σ_k exp(λ_k) (x_k - μ_k)²,   log Z = Σ_k ½ (log 2π - λ_k) with respect to Lebesgue measure.
///
/// Parameters: "mean" μ [d], "log_precision" λ [d].
class Gaussian final : public Energy {
 public:
  struct Options {
    std::vector<double> mean = {0};       ///< one number for all coordinates, or d of them
    std::vector<double> deviation = {1};  ///< standard deviation exp(-λ/2), likewise
    void describe(Fields& fields);
  };

  /// @throws UserError if a list is neither of one number nor of d, and on another domain than R^d.
  Gaussian(const EnergyContext& context, const Options& options);

  torch::Tensor forward(const torch::Tensor& x) override;
  std::optional<double> log_normalizer() const override;
  std::optional<double> lower_bound() const override { return 0.0; }

 private:
  torch::Tensor mean_, log_precision_;
};

}  // namespace ebm
