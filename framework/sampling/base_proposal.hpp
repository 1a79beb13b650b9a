#pragma once

#include <memory>

#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/framework/sampling/proposal.hpp"

namespace ebm {

/// The plainest density of a domain: τ itself where it is a probability, as on the sphere; on R^d a Gaussian
/// with independent coordinates; on a product the product of both.
class BaseProposal final : public Proposal {
 public:
  /// τ. @throws UserError where τ is no probability
  explicit BaseProposal(std::shared_ptr<const Domain> domain);

  /// N(mean, diag(deviation²)) in the coordinates of R^d, τ in those of other factors, whose
  /// numbers are not looked at.
  /// @param mean, deviation [d]
  /// @throws UserError where R^d is no factor of the domain
  BaseProposal(std::shared_ptr<const Domain> domain, const torch::Tensor& mean,
               const torch::Tensor& deviation);

  /// The base of a domain for points like these: τ, or on R^d a Gaussian about their mean with `widening`
  /// times their standard deviations, never below a thousandth of the mean one.
  /// @param data  [n, d]
  static BaseProposal around(std::shared_ptr<const Domain> domain, const torch::Tensor& data,
                             double widening = 2);

  torch::Tensor sample(std::int64_t count, Random& random,
                       const torch::TensorOptions& options) const override;
  torch::Tensor log_density(const torch::Tensor& x) const override;

  /// -∇ log q, ambient: what tempering mixes with ∇E. @return [N, d], of the dtype of x
  torch::Tensor gradient(const torch::Tensor& x) const;

 private:
  std::shared_ptr<const Domain> domain_;
  torch::Tensor mean_, deviation_,
      gaussian_;  // [d], double and, for the columns of R^d, bool, on the CPU; undefined for τ
};

}  // namespace ebm
