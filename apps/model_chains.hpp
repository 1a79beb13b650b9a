#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dualebm/framework/experiment/catalogue.hpp"
#include "dualebm/framework/experiment/loaded_energy.hpp"
#include "dualebm/framework/sampling/diagnostics/verdict.hpp"

namespace ebm {

/// How chains of a trained energy are run.
struct ChainSettings {
  std::string kernel = "hmc_and_jumps";  ///< a name of the section `sampler`
  std::vector<std::string> overrides;    ///< its options, KEY=VALUE
  LongChainOptions options;              ///< number and length
  std::int64_t seed = 0;                 ///< of starts, noise and proposals
  double seconds = 0;                    ///< no further round is begun that would end later; 0: any
};

/// Chains and what is to be said of them.
struct JudgedChains {
  LongChains chains;
  Verdict verdict;  ///< of judge_chains, and of the flux of jumps
};

/// Exact chains of an energy, half of them from data and half from a wider base, with a console line.
/// @param data  [n, d], what proposals are fitted to and chains begin at; undefined: a pilot run from
/// the base stands for them
/// @param label  of the console line
JudgedChains chains_of(Energy& energy, const std::shared_ptr<const Domain>& domain, const torch::Tensor& data,
                       const ChainSettings& settings, const Catalogue& catalogue,
                       const torch::TensorOptions& options, const std::string& label);

/// The problem of a run, with the data it was trained on; null where they cannot be had,
/// with the reason on stderr.
std::shared_ptr<const Problem> problem_of(const std::string& path, const Experiment& experiment,
                                          torch::Device device);

}  // namespace ebm
