#pragma once

#include <optional>

#include "dualebm/framework/settings/fields.hpp"
#include "dualebm/framework/training/trainer.hpp"

namespace ebm {

/// Denoising score matching on R^d, at one level of noise or over a ladder of them: with x̃ = x + σ ξ, ξ
/// standard normal and σ a level drawn for each point,
///
///     J(θ) = 1/(2 σ_0²) E_σ l(σ) E |x - x̃ + σ_0² ∇E(x̃)|²,   l(σ) = 1/σ².
///
/// One level, σ = σ_0: J = ½ E |∇E(x̃) - (x̃ - x)/σ²|², whose minimum is the data smoothed by σ (Vincent
/// 2011, equation 9). A ladder, σ_1 ... σ_L geometric from low to high: E is still one energy, that of the
/// data smoothed by about σ_0, but learns its gradient far from the data too (Li, Chen & Sommer 2019,
/// equation 6, here times 1/(2 σ_0²), which makes its gradients as large as those of one level). On a
/// Gaussian of deviation s the minimum is Gaussian, of precision 1/(σ_0² (1 + s² E_σ[1/σ²])).
class DenoisingScoreMatching final : public Trainer {
 public:
  struct Options {
    double noise = 0.1;                               ///< σ_0, in the units of the data
    std::int64_t levels = 1;                          ///< L; 1: σ_0 alone
    std::optional<double> noise_low = std::nullopt;   ///< σ_1, for L > 1
    std::optional<double> noise_high = std::nullopt;  ///< σ_L, for L > 1
    void describe(Fields& fields);
  };

  /// @throws UserError on a domain other than R^d, for an energy with kinks, and where the ends of the ladder
  /// do not go with `levels` or are not in order.
  DenoisingScoreMatching(TrainerContext context, const Options& options);
  explicit DenoisingScoreMatching(TrainerContext context)
      : DenoisingScoreMatching(std::move(context), Options()) {}

  Cost accumulate(const torch::Tensor& batch, const Iteration& iteration) override;
  bool repeats(const Iteration&) const override { return true; }

 private:
  double reference_;
  torch::Tensor levels_;  ///< [L]
};

/// σ_k = low (high/low)^{k/(L-1)}, k = 0 ... L-1: [L], in double.
torch::Tensor geometric_ladder(double low, double high, std::int64_t levels);

/// J for given noise, [], differentiable in the parameters.
/// @param clean, noise [N, d], x and ξ @param level [N], σ of each point @param reference σ_0
torch::Tensor denoising_score_objective(Energy& energy, const torch::Tensor& clean,
                                        const torch::Tensor& noise, const torch::Tensor& level,
                                        double reference);

}  // namespace ebm
