#include "dualebm/framework/sampling/resampling.hpp"

#include <ATen/ATen.h>

#include <cmath>

namespace ebm {

torch::Tensor systematic_rows(const torch::Tensor& log_weights, Random& random) {
  const auto n = log_weights.size(0);
  const auto sums = log_weights.softmax(0).cumsum(0);
  const auto u = random.uniform({1}, log_weights.options());
  const auto points = (torch::arange(n, log_weights.options()) + u) / static_cast<double>(n);
  // The last sum is one but for rounding: a point beyond it belongs to the last row that has a weight.
  return torch::searchsorted(sums, points * sums.narrow(0, n - 1, 1), /*out_int32=*/false, /*right=*/true)
      .clamp_max(n - 1);
}

torch::Tensor effective_share(const torch::Tensor& log_weights) {
  const auto log_squares = 2 * log_weights.logsumexp(0) - (2 * log_weights).logsumexp(0);
  return (log_squares - std::log(static_cast<double>(log_weights.size(0)))).exp();
}

}  // namespace ebm
