#pragma once

#include <memory>
#include <vector>

#include "dualebm/framework/sampling/proposal.hpp"

namespace ebm {

/// q = Σ_k share_k q_k: a good guess, and a little of the base so that no place is left out.
class MixtureProposal final : public Proposal {
 public:
  /// One q_k of the sum.
  struct Part {
    std::shared_ptr<const Proposal> proposal;  ///< q_k
    double share;                              ///< > 0; the shares are divided by their sum
  };

  /// @throws UserError if there are no parts, or a share is not positive
  explicit MixtureProposal(std::vector<Part> parts);

  torch::Tensor sample(std::int64_t count, Random& random,
                       const torch::TensorOptions& options) const override;
  torch::Tensor log_density(const torch::Tensor& x) const override;

 private:
  std::vector<Part> parts_;
};

}  // namespace ebm
