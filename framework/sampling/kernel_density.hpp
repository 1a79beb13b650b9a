#pragma once

#include <memory>

#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/framework/sampling/proposal.hpp"

namespace ebm {

/// A mixture of equal kernels, one about each centre: on R^d Gaussians
///
///     q(x) = (1/K) Σ_k N(x; c_k, diag((b s)²)),     s: standard deviations of the data, b: bandwidth,
///
/// on the sphere von Mises-Fisher densities q(x) = (1/K) Σ_k exp(<x, c_k>/b²) / C_d(1/b²) with respect to τ.
/// Source: Silverman 1986, §4.2; Hall, Watson & Cabrera 1987 for the sphere; Duin 1976 for a bandwidth by
/// likelihood.
class KernelDensity final : public Proposal {
 public:
  /// @param centres    [K, d], on the domain
  /// @param bandwidth  b > 0
  /// @param scales     s, [d]; undefined: ones. Of R^d alone
  /// @throws UserError on a domain that is neither R^d nor a sphere
  KernelDensity(const Domain& domain, const torch::Tensor& centres, double bandwidth,
                const torch::Tensor& scales = {});

  /// Centres at `count` rows of the data drawn at random, at most half of them, and the bandwidth between 0.02 and
  /// 2 under which up to 1000 other rows are likeliest. @param data  [n, d], n >= 2
  static KernelDensity fit(const Domain& domain, const torch::Tensor& data, std::int64_t count,
                           Random& random);

  torch::Tensor sample(std::int64_t count, Random& random,
                       const torch::TensorOptions& options) const override;
  torch::Tensor log_density(const torch::Tensor& x) const override;

  double bandwidth() const { return bandwidth_; }  ///< b, as given or fitted

 private:
  bool sphere_;
  torch::Tensor centres_;  // [K, d], on the sphere or in units of s, double
  torch::Tensor scales_;   // [d], double
  double bandwidth_;
  double log_mass_;  // log of K times the integral of a kernel exp(-|x - c|² / 2 b²)
};

}  // namespace ebm
