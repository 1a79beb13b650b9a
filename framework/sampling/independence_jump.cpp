#include "dualebm/framework/sampling/independence_jump.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/sampling/base_proposal.hpp"
#include "dualebm/framework/sampling/hamiltonian.hpp"
#include "dualebm/framework/sampling/kernel_density.hpp"
#include "dualebm/framework/sampling/mixture_proposal.hpp"

namespace ebm {
namespace {

std::shared_ptr<const Proposal> proposal_of(const SamplerContext& context,
                                            const IndependenceJump::Options& options) {
  const auto& data = context.data;
  require(data.defined() || (options.proposal == "base" && context.domain->has_probability_base()),
          "jump: the proposal {} is fitted to data, and there are none here", options.proposal);
  const auto base = [&] {
    return std::make_shared<BaseProposal>(BaseProposal::around(context.domain, data));
  };
  if (options.proposal == "base") return base();
  const auto kernels = std::make_shared<KernelDensity>(
      KernelDensity::fit(*context.domain, data, options.kernels, context.random));
  if (options.proposal == "kernel_density" || options.base_share == 0) return kernels;
  return std::make_shared<MixtureProposal>(
      std::vector<MixtureProposal::Part>{{kernels, 1 - options.base_share}, {base(), options.base_share}});
}

}  // namespace

void IndependenceJump::Options::describe(Fields& fields) {
  fields.number("share", share, Range{0, 1, false, true}, "part of the particles that jump in a step");
  fields.choice("proposal", proposal, {"mixture", "kernel_density", "base"},
                "where they jump to: the base, a kernel density of the data, or a mixture of both");
  fields.integer("kernels", kernels, Range::at_least(1), "data points in the kernel density");
  fields.number("base_share", base_share, Range{0, 1, true, false}, "part of the base in the mixture");
}

IndependenceJump::IndependenceJump(const SamplerContext& context, const Options& options)
    : IndependenceJump(proposal_of(context, checked(options, "jump")), options.share) {}

IndependenceJump::IndependenceJump(std::shared_ptr<const Proposal> proposal, double share)
    : proposal_(std::move(proposal)), share_(share) {
  require(share > 0 && share <= 1, "jump: share must be in (0, 1], got {}", share);
}

Sampler::Info IndependenceJump::step(Energy& energy, const Domain&, State& state, Random& random,
                                     double) const {
  const torch::NoGradGuard no_grad;
  Info info;
  const auto n = state.positions.size(0);
  const auto count = std::clamp<std::int64_t>(std::llround(share_ * static_cast<double>(n)), 1, n);
  const auto rows = random.subset(n, count).to(state.positions.device());
  const auto x = state.positions.index_select(0, rows);
  const auto y = proposal_->sample(count, random, state.positions.options());
  const auto known = state.energy(), slopes = state.gradient();
  torch::Tensor energy_y, gradient_y;
  if (slopes.defined()) {
    std::tie(energy_y, gradient_y) = energy.value_and_gradient(y);
    info.gradient_evaluations += count;
  } else {
    energy_y = energies_at(energy, y);
    info.energy_evaluations += count;
  }
  if (!known.defined()) info.energy_evaluations += count;
  const auto energy_x = known.defined() ? known.index_select(0, rows) : energies_at(energy, x);
  const auto log_q_y = proposal_->log_density(y);
  info.log_importance = -energy_y.to(torch::kDouble) - log_q_y;
  auto log_ratio = (energy_x - energy_y).to(torch::kDouble) + (proposal_->log_density(x) - log_q_y);
  const auto usable = torch::isfinite(energy_y).logical_and(log_ratio.isnan().logical_not());
  log_ratio = torch::where(usable, log_ratio, torch::full_like(log_ratio, -HUGE_VAL));
  const auto decision = decide(log_ratio, random);
  info.acceptance = decision.probability.mean();
  // A proposal far from the model is no mistake of a step: only what is not finite counts.
  info.divergences = usable.logical_not().sum();
  const auto& accepted = decision.accepted;
  state.positions = state.positions.index_copy(0, rows, chosen(accepted, y, x));
  if (!known.defined()) return info;
  const auto energies = known.index_copy(0, rows, chosen(accepted, energy_y, energy_x));
  state.keep(energies,
             slopes.defined()
                 ? slopes.index_copy(0, rows, chosen(accepted, gradient_y, slopes.index_select(0, rows)))
                 : torch::Tensor());
  return info;
}

}  // namespace ebm
