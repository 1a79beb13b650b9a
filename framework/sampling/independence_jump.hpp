#pragma once

#include <memory>
#include <string>

#include "dualebm/framework/sampling/proposal.hpp"
#include "dualebm/framework/sampling/sampler.hpp"
#include "dualebm/framework/sampling/sampler_context.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// Independence Metropolis: particles drawn at random without repetition get a proposal that does not
/// depend on where they are,
///
///     Y ~ q,   accepted with probability min(1, [p(Y) q(X)] / [p(X) q(Y)]),
///
/// which carries mass from mode to mode where q knows both. The proposals double as importance samples of Z,
/// see `Sampler::Info::log_importance`. Costs E of the proposals, and ∇E where the state keeps gradients.
/// Source: Tierney 1994, §2.3.
class IndependenceJump final : public Sampler {
 public:
  struct Options {
    double share = 0.1;                ///< part of the particles that jump in a step, in (0, 1]; one at least
    std::string proposal = "mixture";  ///< q: "base", "kernel_density" of the data, or "mixture" of both
    std::int64_t kernels = 200;        ///< data points in the kernel density
    double base_share = 0.1;           ///< part of the base in the mixture
    void describe(Fields& fields);
  };

  /// q from the data. @throws UserError where q needs data and there are none, or an option is out of range
  IndependenceJump(const SamplerContext& context, const Options& options);
  /// A q of one's own. @param share  in (0, 1]
  explicit IndependenceJump(std::shared_ptr<const Proposal> proposal, double share = 0.1);

  Info step(Energy& energy, const Domain& domain, State& state, Random& random, double scale) const override;

  /// q, as given or fitted.
  const std::shared_ptr<const Proposal>& proposal() const { return proposal_; }

 private:
  std::shared_ptr<const Proposal> proposal_;
  double share_;
};

}  // namespace ebm
