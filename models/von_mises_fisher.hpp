#pragma once

#include "dualebm/framework/problem/energy_context.hpp"

namespace ebm {

/// Mixture of von Mises-Fisher densities on S^{d-1} with its normaliser:
///
///     exp(-E(x)) = Σ_k π_k exp(<η_k, x>) / C_d(|η_k|),   C_d(κ) = ∫ exp(κ <μ, x>) dτ(x),
///
/// so that Z = 1 with respect to τ. Natural parameters: "directions" η_k = κ_k μ_k [K, d], "logits" of π [K].
/// Source: Mardia & Jupp 2000, §9.3.2; Banerjee et al. 2005 for the mixture.
class VonMisesFisherMixture final : public Energy {
 public:
  struct Options {
    std::int64_t components = 1;                  ///< K, where `means` is empty
    double concentration = 5;                     ///< κ_k at the start
    std::vector<std::vector<double>> means = {};  ///< μ_k, normalised when read; empty: uniformly random
    void describe(Fields& fields);
  };

  /// @throws UserError on another domain than the sphere.
  VonMisesFisherMixture(const EnergyContext& context, const Options& options);

  torch::Tensor forward(const torch::Tensor& x) override;
  std::optional<double> log_normalizer() const override { return 0.0; }
  /// -log Σ_k π_k exp(κ_k) / C_d(κ_k): every component at its own mode at once.
  std::optional<double> lower_bound() const override;

 private:
  torch::Tensor log_normalizers() const;

  torch::Tensor directions_, logits_;
};

/// log C_d(κ) = log [Γ(d/2) (2/κ)^{d/2-1} I_{d/2-1}(κ)], for every κ >= 0 and d >= 2: the power series,
/// all of whose terms are positive, and Hankel's expansion for large κ.
double log_von_mises_fisher_normalizer(std::int64_t dimension, double concentration);

/// The same for [K] concentrations in operators of LibTorch, differentiable, computed in double wherever they
/// are: for a device that the scalar function would have to wait for. @return [K], of their dtype
torch::Tensor log_von_mises_fisher_normalizers(const torch::Tensor& concentration, std::int64_t dimension);

/// The mean length A_d(κ) = I_{d/2}(κ) / I_{d/2-1}(κ) = d/dκ log C_d(κ): |E x| under the density.
double von_mises_fisher_mean_length(std::int64_t dimension, double concentration);

}  // namespace ebm
