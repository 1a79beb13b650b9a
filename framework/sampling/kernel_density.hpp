#pragma once

#include <memory>
#include <vector>

#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/framework/sampling/proposal.hpp"

namespace ebm {

/// A mixture of equal kernels, one about each centre, each a product over the factors of the domain:
///
///     q(x) = (1/K) Σ_k Π_f exp(-|(x_f - c_kf) / s_f|² / 2b²) / C_f,     b: bandwidth, s: scales of the data.
///
/// On R^d this is a Gaussian, s its standard deviations; on a box the same cut off at the walls; on a sphere
/// and on each circle of a torus a von Mises-Fisher density exp(κ <x, c>) / C_d(κ), κ = 1/(b s)², with
/// respect to τ, where s = 1 on the sphere and on a circle sqrt(1 - R²), R the mean resultant length. Source:
/// Silverman 1986, §4.2; Hall, Watson & Cabrera 1987 for the sphere; Duin 1976 for a bandwidth by likelihood.
class KernelDensity final : public Proposal {
 public:
  /// @param centres    [K, d], on the domain
  /// @param bandwidth  b > 0
  /// @param scales     s, [d]; undefined: ones. One number for all columns of a sphere or a circle
  /// @throws UserError on a domain with a factor that has no kernel here
  KernelDensity(const Domain& domain, const torch::Tensor& centres, double bandwidth,
                const torch::Tensor& scales = {});

  /// Centres at `count` rows of the data drawn at random, at most half of them, and the bandwidth between
  /// 0.02 and 2 under which up to 1000 other rows are likeliest.
  /// @param data  [n, d], n >= 2
  static KernelDensity fit(const Domain& domain, const torch::Tensor& data, std::int64_t count,
                           Random& random);

  torch::Tensor sample(std::int64_t count, Random& random,
                       const torch::TensorOptions& options) const override;
  torch::Tensor log_density(const torch::Tensor& x) const override;

  double bandwidth() const { return bandwidth_; }  ///< b, as given or fitted

 private:
  /// The kernel of one factor.
  struct Part {
    enum class Kind { gaussian, cut_off, directional } kind;
    std::int64_t first, size;  ///< of its columns
    torch::Tensor low, high;   ///< of a box, [size]
  };
  static std::vector<Part> parts_of(const Domain& domain);
  static torch::Tensor scales_of(const std::vector<Part>& parts, const torch::Tensor& data);
  /// log of the integral of each kernel against τ, [K]; of one number where they are all the same.
  static torch::Tensor log_masses(const std::vector<Part>& parts, const torch::Tensor& centres,
                                  const torch::Tensor& scales, double bandwidth);
  torch::Tensor draws(const Part& part, const torch::Tensor& centres, Random& random) const;

  std::vector<Part> parts_;
  torch::Tensor scales_;   // [d], double
  torch::Tensor centres_;  // [K, d], in units of s, double
  double bandwidth_;
  torch::Tensor log_masses_;  // with log K
};

}  // namespace ebm
