#include "dualebm/framework/sampling/diagnostics/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace ebm {
namespace {

constexpr double least_acceptance = 0.1, most_divergences = 0.01;

std::string name_of(std::int64_t quantity) {
  return quantity == -1   ? "the energy"
         : quantity == -2 ? "a random direction"
                          : fmt::format("coordinate {}", quantity);
}

}  // namespace

bool Verdict::trusted() const {
  return std::all_of(checks.begin(), checks.end(), [](const Check& check) { return check.passed; });
}

void Verdict::append(Verdict other) {
  for (auto& check : other.checks) checks.push_back(std::move(check));
}

Verdict judge_chains(const LongChains& chains, const LongChainOptions& options) {
  Verdict verdict;
  const auto count = chains.draws.defined() ? chains.draws.size(0) : 0;
  verdict.checks.push_back(
      {"chains finite", chains.finite ? 0.0 : 1.0, 0, chains.finite,
       chains.finite ? fmt::format("{} chains of {} steps stay among the finite numbers", count, chains.steps)
                     : "chains have left the finite numbers",
       "the energy falls without bound somewhere: train it with a confinement, smaller steps or fewer "
       "iterations"});
  if (!chains.finite) return verdict;
  verdict.checks.push_back(
      {"R-hat", chains.worst.r_hat, options.r_hat, chains.worst.r_hat <= options.r_hat,
       fmt::format("chains that began apart {}, the most in {}",
                   chains.worst.r_hat <= options.r_hat ? "agree" : "still differ",
                   name_of(chains.worst_quantity)),
       "run them longer (--steps), or take a kernel that crosses from mode to mode (--kernel tempering)"});
  const double ess = std::min(chains.worst.bulk_ess, chains.worst.tail_ess);
  verdict.checks.push_back(
      {"effective draws", ess, options.ess, ess >= options.ess,
       fmt::format("{:.0f} in the middle, {:.0f} in the tails, of {}", chains.worst.bulk_ess,
                   chains.worst.tail_ess, chains.energies.numel()),
       "run them longer (--steps), or take more of them (--chains)"});
  if (chains.acceptance) {
    verdict.checks.push_back({"acceptance", *chains.acceptance, least_acceptance,
                              *chains.acceptance >= least_acceptance,
                              fmt::format("{:.0f} % of the proposals are accepted", 100 * *chains.acceptance),
                              "a longer warm-up (--warm-up) lets the step size find its place"});
  }
  verdict.checks.push_back(
      {"divergences", chains.divergences, most_divergences, chains.divergences <= most_divergences,
       fmt::format("{:.2g} % of the trajectories diverge", 100 * chains.divergences),
       "the energy is too steep in places for the step; take the kernel mala, or train more smoothly"});
  return verdict;
}

}  // namespace ebm
