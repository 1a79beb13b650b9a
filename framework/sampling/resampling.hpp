#pragma once

#include <torch/types.h>

#include "dualebm/framework/compute/random.hpp"

namespace ebm {

/// Rows that take the place of all after a systematic resampling: row i occurs floor or ceil of N w_i times,
/// N w_i on the average, from one uniform number. In ascending order. Source: Kitagawa 1996, Appendix.
/// @param log_weights  [N], double, need not be normalised
/// @return [N], int64
torch::Tensor systematic_rows(const torch::Tensor& log_weights, Random& random);

/// (Σ w)² / (N Σ w²), in (0, 1]: the part of the particles that equal weights would need. 0-dim, double.
torch::Tensor effective_share(const torch::Tensor& log_weights);

}  // namespace ebm
