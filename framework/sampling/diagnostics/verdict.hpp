#pragma once

#include <string>
#include <vector>

#include "dualebm/framework/sampling/diagnostics/long_chains.hpp"

namespace ebm {

/// One thing that was looked at.
struct Check {
  std::string name;     ///< "chains agree"
  double value = 0;     ///< what was found
  double limit = 0;     ///< what it may be
  bool passed = true;   ///< whether it is within
  std::string finding;  ///< what the number says, in plain words
  std::string advice;   ///< what to do where it failed
};

/// What was looked at, and whether all of it is as it should be.
struct Verdict {
  std::vector<Check> checks;  ///< in the order of a report

  bool trusted() const;  ///< whether every check has passed
  /// Takes the checks of another verdict in, behind its own.
  void append(Verdict other);
};

/// Whether long chains are draws of the model: finite, agreeing, of enough effect, with proposals accepted.
Verdict judge_chains(const LongChains& chains, const LongChainOptions& options);

/// The flux of jumps from a kernel density of half of the chains into the other half, see jump_flux: whether
/// masses of modes are what the energy says.
Check flux_check(Energy& energy, const std::shared_ptr<const Domain>& domain, const LongChains& chains,
                 Random& random);

/// Whether weighted particles are draws of the model, as long chains of the same energy know it:
///
/// - energies: the largest distance of the two distribution functions of E (Kolmogorov-Smirnov's);
/// - places: the largest such distance along coordinates and random directions, on the sphere as in R^d;
/// - MMD: the squared mean discrepancy, beside what draws of the chains have among themselves;
/// - Stein, on R^d: the kernel Stein discrepancy over that of as many draws of the chains;
/// - flux of jumps from a kernel density of the chains' draws.
///
/// Distances are shares of the mass that are not where they belong. One is an alarm above 0.05 and what
/// chance allows to so many particles, of which equal ones count once: tests/benchmarks/verdicts.cpp counts
/// how often it is wrong. Nothing is said where the chains do not agree: judge_chains comes first.
/// @param particles  [N, d] @param weights  [N], sum one; undefined: equal
Verdict judge_particles(Energy& energy, const std::shared_ptr<const Domain>& domain,
                        const torch::Tensor& particles, const torch::Tensor& weights,
                        const LongChains& chains, Random& random);

}  // namespace ebm
