#pragma once

#include "dualebm/framework/settings/fields.hpp"
#include "dualebm/framework/training/trainer.hpp"

namespace ebm {

/// Implicit score matching by random projections: an unbiased estimate of the gradient of
///
///     J(θ) = E_data[ ½ |∇_X E|² - Δ_X E ] = E_data E_v[ ½ (v·∇_X E)² - v·∇²_X E v ],
///
/// one backward pass a projection in place of d. The projections v are random signs, projected to the tangent
/// space, so that E[v vᵀ] is the projection to it; ∇²_X is the Hessian of the domain, on the sphere
/// v·∇²_X E v = vᵀ(Hess E)v - |v|² x·∇E for any extension of E. Signs have the smallest variance of all
/// independent coordinates (Hutchinson 1990).
/// Source: Song, Garg, Shi & Ermon 2019, equations 7 and 8; Hyvärinen 2005 for J.
class SlicedScoreMatching final : public Trainer {
 public:
  struct Options {
    std::int64_t projections = 1;  ///< v for each point and iteration
    bool variance_reduced = true;  ///< |∇_X E|², which is the mean of (v·∇_X E)², in its place
    void describe(Fields& fields);
  };

  /// @throws UserError if the energy is not smooth.
  SlicedScoreMatching(TrainerContext context, const Options& options);
  explicit SlicedScoreMatching(TrainerContext context) : SlicedScoreMatching(std::move(context), Options()) {}

  Cost accumulate(const torch::Tensor& batch, const Iteration& iteration) override;
  bool repeats(const Iteration&) const override { return true; }

 private:
  Options options_;
};

/// The estimate of J, [], differentiable in the parameters.
torch::Tensor sliced_score_objective(Energy& energy, const Domain& domain, const torch::Tensor& batch,
                                     const SlicedScoreMatching::Options& options, Random& random);

}  // namespace ebm
