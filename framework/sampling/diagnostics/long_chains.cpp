#include "dualebm/framework/sampling/diagnostics/long_chains.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/sampling/base_proposal.hpp"

namespace ebm {
namespace {

constexpr std::int64_t most_coordinates = 24, some_coordinates = 8, directions = 16;

/// What the diagnosis looks at, [C, T, k]: coordinates, or a few of them and random directions.
torch::Tensor projections(const torch::Tensor& draws, Random& random) {
  const auto d = draws.size(2);
  const auto x = draws.to(torch::kDouble);
  if (d <= most_coordinates) return x;
  const auto scale = x.flatten(0, 1).std(0, /*unbiased=*/false).clamp_min(1e-300);
  const auto omega = random.normal({d, directions}, x.options()) / scale.unsqueeze(1);
  const auto some = random.subset(d, some_coordinates);
  return torch::cat({x.index_select(2, std::get<0>(some.sort())), x.matmul(omega)}, 2);
}

/// Takes the diagnosis of one quantity in; the worst of all is kept.
void judge(LongChains& chains, const torch::Tensor& draws, std::int64_t quantity) {
  const auto found = diagnose_chains(draws);
  if (!(found.r_hat <= chains.worst.r_hat)) {
    chains.worst.r_hat = found.r_hat;
    chains.worst_quantity = quantity;
  }
  chains.worst.bulk_ess = std::min(chains.worst.bulk_ess, found.bulk_ess);
  chains.worst.tail_ess = std::min(chains.worst.tail_ess, found.tail_ess);
}

void judge_all(LongChains& chains, const LongChainOptions& options, Random& random) {
  const double count = static_cast<double>(chains.energies.numel());
  chains.worst = {.r_hat = 0, .bulk_ess = count * count, .tail_ess = count * count};
  judge(chains, chains.energies, -1);
  const auto seen = projections(chains.draws, random);
  const bool all = chains.draws.size(2) <= most_coordinates;
  for (std::int64_t k = 0; k < seen.size(2); ++k) judge(chains, seen.select(2, k), all ? k : -2);
  chains.agree = chains.worst.r_hat <= options.r_hat && chains.worst.bulk_ess >= options.ess &&
                 chains.worst.tail_ess >= options.ess;
}

/// Sums of what the steps of a round say about themselves.
struct Tally {
  double acceptance = 0, divergences = 0;
  std::int64_t steps = 0, told = 0;

  void take(const Sampler::Info& info, LongChains& chains) {
    ++steps;
    chains.gradient_evaluations += info.gradient_evaluations;
    chains.energy_evaluations += info.energy_evaluations;
    if (!info.acceptance.defined()) return;
    ++told;
    acceptance += info.acceptance.item<double>();
    if (info.divergences.defined()) divergences += info.divergences.item<double>();
  }
};

/// One round of `steps` steps, of which `options.draws` positions are kept.
void run_round(Energy& energy, const Domain& domain, const Sampler& sampler, Sampler::State& state,
               Random& random, std::int64_t steps, const LongChainOptions& options, LongChains& chains,
               const std::function<bool(double)>& watch) {
  Tally tally;
  std::vector<torch::Tensor> positions, energies;
  chains.thinning = steps / options.draws;
  for (std::int64_t i = 1; i <= steps; ++i) {
    tally.take(sampler.step(energy, domain, state, random, 1), chains);
    ++chains.steps;
    if (i % chains.thinning == 0) {
      positions.push_back(state.positions.clone());
      const auto known = state.energy();
      energies.push_back((known.defined() ? known : energies_at(energy, state.positions)).to(torch::kDouble));
      if (watch)
        watch(static_cast<double>(options.warm_up + chains.steps) /
              static_cast<double>(options.warm_up + options.most_steps));
    }
  }
  chains.draws = torch::stack(positions, 1);
  chains.energies = torch::stack(energies, 1);
  if (tally.told > 0) chains.acceptance = tally.acceptance / static_cast<double>(tally.told);
  chains.divergences = tally.divergences /
                       static_cast<double>(std::max<std::int64_t>(1, tally.told) * state.positions.size(0));
  chains.finite =
      torch::isfinite(chains.draws).all().item<bool>() && torch::isfinite(chains.energies).all().item<bool>();
}

}  // namespace

LongChains run_long_chains(Energy& energy, const Domain& domain, const Sampler& sampler,
                           const torch::Tensor& starts, const LongChainOptions& options, Random& random,
                           const std::function<bool(double)>& watch) {
  require(options.draws >= 16 && options.chains >= 2 && options.most_steps >= options.draws &&
              options.warm_up >= 0,
          "chains: at least 2 chains, 16 draws and as many steps are needed, got {}, {} and {}",
          options.chains, options.draws, options.most_steps);
  const torch::NoGradGuard no_grad;
  LongChains chains;
  const auto directions_random = random.branch("directions");
  auto state = sampler.init(starts);
  Tally warm_up;
  for (std::int64_t i = 0; i < options.warm_up; ++i) {
    warm_up.take(sampler.step(energy, domain, state, random, 1), chains);
    if (watch && i % 50 == 0)
      watch(static_cast<double>(i) / static_cast<double>(options.warm_up + options.most_steps));
  }
  state.adapting = false;
  for (std::int64_t round = options.draws;; round *= 2) {
    run_round(energy, domain, sampler, state, random, round, options, chains, watch);
    if (chains.finite) judge_all(chains, options, *directions_random);
    const bool more = chains.finite && !chains.agree && chains.steps + 2 * round <= options.most_steps;
    if (!more || (watch && !watch(static_cast<double>(options.warm_up + chains.steps) /
                                  static_cast<double>(options.warm_up + options.most_steps))))
      break;
  }
  chains.step_size = sampler.step_size(state);
  return chains;
}

torch::Tensor dispersed_starts(const std::shared_ptr<const Domain>& domain, const torch::Tensor& data,
                               std::int64_t count, Random& random, const torch::TensorOptions& like) {
  if (!data.defined()) return domain->sample_base(count, random, like);
  const auto near = (count + 1) / 2;
  const auto rows = data.index_select(0, random.integers(data.size(0), near).to(data.device())).to(like);
  return torch::cat({rows, BaseProposal::around(domain, data).sample(count - near, random, like)});
}

}  // namespace ebm
