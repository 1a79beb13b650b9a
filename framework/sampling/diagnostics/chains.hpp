#pragma once

#include <torch/types.h>

namespace ebm {

/// What several chains say about one another, for one quantity.
struct ChainDiagnosis {
  /// Rank-normalised split R-hat, the larger of bulk and folded; 1 is best, above 1.01 is an alarm.
  double r_hat;
  double bulk_ess;  ///< effective number of draws for the middle of the distribution
  double tail_ess;  ///< the smaller of those for the quantiles of 5 and of 95 %
};

/// Split R-hat and effective sample sizes of ranks: each chain is cut in halves, draws are replaced by normal
/// scores of their ranks, and the variance between halves is compared with the one within; folded about the
/// median it sees scales that differ. Autocorrelations are summed by Geyer's initial monotone sequence.
///
/// Nothing is praised that has told nothing: where a half of a chain is constant or a draw is not finite,
/// R-hat is infinite and both sizes are zero. Source: Vehtari, Gelman, Simpson, Carpenter & Bürkner 2021,
/// eqs. (1) to (14) and §4.
/// @param draws  [C, T], C >= 1 chains of T >= 8 draws each
ChainDiagnosis diagnose_chains(const torch::Tensor& draws);

}  // namespace ebm
