#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>

#include "dualebm/framework/sampling/diagnostics/chains.hpp"
#include "dualebm/framework/sampling/sampler.hpp"

namespace ebm {

/// How long chains are run, and when they are good enough.
struct LongChainOptions {
  std::int64_t chains = 64;        ///< C, run side by side, at least 2
  std::int64_t warm_up = 500;      ///< steps in which the kernel adapts; none of them is kept
  std::int64_t draws = 128;        ///< T kept of each chain, at least 16
  std::int64_t most_steps = 8192;  ///< after the warm-up, rounded to rounds of T, 2 T, 4 T, ... steps
  double r_hat = 1.01;             ///< rounds go on until R-hat of everything looked at is at most this,
  double ess = 400;                ///< and bulk and tail sizes are at least this
};

/// What long chains have found.
struct LongChains {
  torch::Tensor draws;     ///< [C, T, d], of the last round, evenly thinned
  torch::Tensor energies;  ///< E of them, [C, T], double
  ChainDiagnosis worst{std::numeric_limits<double>::infinity(), 0,
                       0};          ///< of everything looked at: largest R-hat, smallest sizes
  std::int64_t worst_quantity = 0;  ///< whose R-hat is the largest: a coordinate, or -1: E, -2: a direction
  std::int64_t steps = 0;           ///< of each chain after the warm-up, all rounds
  std::int64_t thinning = 1;        ///< steps between the draws
  std::int64_t gradient_evaluations = 0, energy_evaluations = 0;  ///< warm-up included
  std::optional<double> acceptance;  ///< mean over the last round; none where nothing is rejected
  std::optional<double> step_size;   ///< as adapted
  double divergences = 0;            ///< share of the proposals that were
  bool agree = false;                ///< whether R-hat and sizes are as the options ask for
  bool finite = true;                ///< whether all of it is finite; where not, draws are what there was

  torch::Tensor points() const { return draws.flatten(0, 1); }  ///< [C T, d]
};

/// Chains that begin apart are run until they agree.
///
/// The kernel adapts during the warm-up and stands still from then on. Rounds of T, 2 T, 4 T, ... steps
/// follow, each of which begins where the last one ended and throws its draws away, so that the last round is
/// the longer half of each chain. R-hat and sizes are taken of E and of every coordinate, or, beyond 24 of
/// them, of E, 8 coordinates and 16 directions. Chains are told to agree only if they began apart: half of
/// them, say, at data and half in a base that is wider. Source: Vehtari et al. 2021, §4; Gelman & Shirley
/// 2011 for throwing the first half away.
/// @param starts  [C, d], on the domain
/// @param watch  told how much of the most steps is done; false: no further round
/// @throws UserError if an option is out of its range
LongChains run_long_chains(Energy& energy, const Domain& domain, const Sampler& sampler,
                           const torch::Tensor& starts, const LongChainOptions& options, Random& random,
                           const std::function<bool(double)>& watch = {});

/// Starts that are apart: rows of the data, and as many draws of the base around them, which is twice
/// as wide as they are (on a space of finite area the uniform law); without data all of them from the
/// base measure of the domain.
/// @param data  [n, d]; undefined: none @return [count, d], of the dtype and device of `like`
torch::Tensor dispersed_starts(const std::shared_ptr<const Domain>& domain, const torch::Tensor& data,
                               std::int64_t count, Random& random, const torch::TensorOptions& like);

}  // namespace ebm
