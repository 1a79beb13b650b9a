#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dualebm/apps/density.hpp"
#include "dualebm/apps/table.hpp"

namespace ebm {

/// A density on rows that it has not seen.
struct HeldOutLine {
  std::string name;           ///< "the model", "Gaussian", "kernel density", "uniform"
  double nll = 0;             ///< mean negative log-likelihood, nats per volume (area) of the raw data
  double standard_error = 0;  ///< of the mean over rows
  double behind = 0;          ///< nats a row that the model is better by
  double behind_error = 0;    ///< standard error of that difference, row by row
};

/// The model and the densities that anybody would try first, on the test part, or the validation part where
/// there is none: on R^d a Gaussian with independent coordinates (after `whiten` one with the covariance of
/// the data) and a kernel density whose bandwidth is the likeliest for training rows that it does not stand
/// on; on a sphere the uniform law and a von Mises-Fisher kernel density. All are fitted to the training
/// part, as the energy sees it.
/// @param normalizer  none: then there is no line of the model, and nothing to be behind
std::vector<HeldOutLine> compare_held_out(const LoadedEnergy& run, const Problem& problem,
                                          const std::optional<KnownNormalizer>& normalizer);

/// Lines, and who wins by how much; differences below two standard errors are a draw.
std::string to_text(const std::vector<HeldOutLine>& lines);

/// For the report. @param metrics  descriptions, of which nll_test is taken
Table table_of(const std::vector<HeldOutLine>& lines, const std::vector<MetricDescription>& metrics);

}  // namespace ebm
