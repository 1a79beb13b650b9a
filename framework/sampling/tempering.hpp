#pragma once

#include <memory>

#include "dualebm/framework/sampling/base_proposal.hpp"
#include "dualebm/framework/sampling/sampler.hpp"
#include "dualebm/framework/sampling/sampler_context.hpp"
#include "dualebm/framework/sampling/step_adaptation.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// Replica exchange along the path from the model to the base: each particle has a
/// replica at every level k of
///
///     U_k = β_k E + (1 - β_k) B,     1 = β_0 > β_1 > ... > β_{K-1} = 0,     B = -log of the base density.
///
/// In a step every replica between makes a step of MALA, with a step size of its level that adapts itself;
/// those at β = 0 are drawn anew from the base; then neighbours of the levels (0, 1), (2, 3), ... and in
/// the next step (1, 2), (3, 4), ... change places with probability min(1, exp[(β_k - β_l)(D_k - D_l)]), D
/// = E - B. The β move so that all neighbours are rejected equally often. Each particle has its own
/// ladder, so chains stay independent. Costs K times ∇E for each particle. Draws at β = 0 double as
/// importance samples of Z. Source: Geyer 1991; Okabe et al. 2001 for even and odd pairs; Syed et al. 2021
/// for the equal rejections.
class Tempering final : public Sampler {
 public:
  struct Options {
    std::int64_t levels = 5;           ///< K >= 2, with both ends
    double step_size = 0.01;           ///< h > 0 of MALA at the start, at all levels
    double target_acceptance = 0.574;  ///< of MALA, in (0, 1)
    void describe(Fields& fields);
  };

  /// The base around the data, see BaseProposal::around. @throws UserError as it does
  Tempering(const SamplerContext& context, const Options& options);
  /// A base of one's own. @throws UserError if an option is out of its range
  Tempering(std::shared_ptr<const BaseProposal> base, const Options& options);

  /// Acceptance is that of MALA at β = 1.
  Info step(Energy& energy, const Domain& domain, State& state, Random& random, double scale) const override;
  std::optional<double> step_size(const State& state) const override;

 private:
  void prepare(Energy& energy, State& state, Random& random, Info& info) const;
  void move(Energy& energy, const Domain& domain, State& state, Random& random, double scale,
            Info& info) const;
  void redraw(Energy& energy, State& state, Random& random, Info& info) const;
  void exchange(State& state, Random& random) const;

  std::shared_ptr<const BaseProposal> base_;
  std::int64_t levels_;
  StepAdaptation adaptation_;
};

}  // namespace ebm
