#pragma once

#include "framework/config.hpp"
#include "framework/sampler.hpp"

namespace ebm {

/// Unadjusted overdamped Langevin dynamics with retraction:
///
///     Y = X - h ∇E(X) + sqrt(2 h) ξ,   X <- retract(Y),
///
/// with drift and noise in the ambient space; on the sphere the retraction X = Y/|Y| projects both.
/// Its stationary law differs from the Gibbs measure by O(h).
/// Source: Domingo-Enrich et al. 2022, Algorithm 1; Roberts & Tweedie 1996 for the chain on R^d.
class Langevin final : public Sampler {
 public:
  struct Options {
    double step_size = 0.02;  ///< h > 0
    bool antithetic = true;   ///< the second half of the particles gets -ξ of the first half; N must be even
  };

  explicit Langevin(Options options);

  /// @throws UserError if antithetic noise has no pairs to give: an odd number of particles.
  State init(const torch::Tensor& positions) const override;

  Info step(Energy& energy, const Domain& domain, State& state, Random& random, double scale) const override;

  const Options& options() const { return options_; }

 private:
  Options options_;
};

}  // namespace ebm
