#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dualebm/framework/experiment/catalogue.hpp"
#include "dualebm/framework/experiment/loaded_energy.hpp"
#include "dualebm/framework/sampling/diagnostics/long_chains.hpp"

namespace ebm {

/// log Z of the model of a run, and where it comes from.
struct KnownNormalizer {
  double log_z = 0;                      ///< nats, with respect to τ
  std::optional<double> standard_error;  ///< where it is an estimate
  std::string method;                    ///< "closed form", "quadrature", "annealing both ways"
};

/// log Z by a closed form or quadrature; else what density.json keeps for this very model; else nothing.
/// @param problem  of the run; null: only what needs no data
std::optional<KnownNormalizer> known_normalizer(const RunDirectory& directory, const LoadedEnergy& run,
                                                const Problem* problem);

/// log Z by annealing from a base about the data to long chains of the model and back, see
/// bridged_log_normalizer; kept in density.json.
/// @return nothing where it could not be told
std::optional<KnownNormalizer> estimate_normalizer(const RunDirectory& directory, const LoadedEnergy& run,
                                                   const Problem& problem, const LongChains& chains,
                                                   std::uint64_t seed);

/// log p of rows per volume (area) of the raw data, given E of them: -E - log Z - log area + log |det ∂T/∂x|.
double log_density_shift(const LoadedEnergy& run, const KnownNormalizer& normalizer);

}  // namespace ebm
