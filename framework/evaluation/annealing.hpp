#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>

#include "dualebm/framework/problem/energy.hpp"
#include "dualebm/framework/sampling/base_proposal.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// Options of both estimates of log Z below.
struct AnnealingOptions {
  std::int64_t walkers = 256;  ///< N, at least 16
  double share = 0.9;  ///< conditional effective share from level to level that spaces them, in (0, 1)
  std::int64_t most_levels = 400;  ///< where more would be needed, nothing is known
  void describe(Fields& fields);
};

/// log Z with what is known of its error; nats, with respect to the base measure τ.
struct NormalizerEstimate {
  double value = 0;                      ///< log Z
  std::optional<double> standard_error;  ///< of it; none where only one way was gone
  std::optional<double> forward,
      reverse;        ///< log mean exp of either way: too low and too high on the average
  bool known = true;  ///< false where forward and reverse do not overlap: then no number is worth anything
  std::int64_t levels = 0;  ///< of the path
};

/// log Z by a sequential Monte Carlo sampler along U_β = β E + (1 - β) B, B = -log q:
///
///     Z ≈ Π_k (1/N) Σ_i exp(-(β_k - β_{k-1}) (E - B)(x_i)),
///
/// drawing anew at every level, with HMC between them, whose step adapts itself. β is spaced by the
/// conditional effective sample size. Its bias is of order 1/N; it is the quick one, for early stopping.
/// Source: Del Moral, Doucet & Jasra 2006; Zhou, Johansen & Aston 2016 for the spacing.
/// @param q  a base that covers the model @return nothing where more levels than allowed would be needed
std::optional<NormalizerEstimate> sequential_log_normalizer(Energy& energy, const Domain& domain,
                                                            const BaseProposal& q,
                                                            const AnnealingOptions& options, Random& random);

/// log Z from both ends: annealed importance sampling from q to the model and, from draws of the
/// model, back. The two sets of works W = Σ_k (β_k - β_{k-1}) (B - E)(x_{k-1}) meet in Bennett's
/// acceptance ratio, the c of
///
///     Σ_i σ(W_i - c) over forward walkers = Σ_j σ(c - W_j) over reverse ones,
///
/// which is asymptotically the best use of them. Its standard error is that of 200 bootstrap samples. Kernels
/// stand still: steps, metric and levels come from a sequential sampler before. Not known where the overlap Σ
/// σ σ is that of less than 8 walkers of each side, or where forward and reverse differ by more than 3 nats.
/// Source: Neal 2001; Grosse, Ghahramani & Adams 2015 for both ends; Bennett 1976; Shirts et al. 2003.
/// @param draws  of the model, [M, d]: long chains that agree; M >= N of them are used, evenly
std::optional<NormalizerEstimate> bridged_log_normalizer(Energy& energy, const Domain& domain,
                                                         const BaseProposal& q, const torch::Tensor& draws,
                                                         const AnnealingOptions& options, Random& random);

}  // namespace ebm
