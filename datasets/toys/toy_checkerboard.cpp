#include "dualebm/datasets/toys/toy_checkerboard.hpp"

#include <ATen/ATen.h>

#include <cmath>

namespace ebm {
namespace {

constexpr std::int64_t columns = 4, dark_squares = 8;
constexpr double corner = -4, width = 2;

/// Column and row of the dark squares: those where they are both even or both odd. @param square  0 ... 7
torch::Tensor column_of(const torch::Tensor& square) { return square.div(2, "floor"); }
torch::Tensor row_of(const torch::Tensor& square) {
  return 2 * square.remainder(2) + column_of(square).remainder(2);
}

}  // namespace

/// log f for each of the four columns: [N] -> [N, 4]
torch::Tensor ToyCheckerboard::log_edges(const torch::Tensor& coordinate) const {
  const auto left = corner + width * torch::arange(columns, coordinate.options());
  const auto z = (coordinate.unsqueeze(1) - left) / scale_;
  return at::log_sigmoid(z) + at::log_sigmoid(width / scale_ - z) +
         (std::log1p(-std::exp(-width / scale_)) - std::log(width));
}

torch::Tensor ToyCheckerboard::log_density(const torch::Tensor& x) const {
  const auto square = torch::arange(dark_squares, x.options().dtype(torch::kLong));
  const auto terms = log_edges(x.select(1, 0)).index_select(1, column_of(square)) +
                     log_edges(x.select(1, 1)).index_select(1, row_of(square));
  return terms.logsumexp(1) - std::log(static_cast<double>(dark_squares));
}

torch::Tensor ToyCheckerboard::sample(std::int64_t count, Random& random) const {
  const auto square = random.integers(dark_squares, count);
  const auto left = corner + width * torch::stack({column_of(square), row_of(square)}, 1).to(torch::kDouble);
  const auto inside = width * random.uniform({count, 2}, torch::kDouble);
  // The quantile function at a uniform number; at 0, which may be drawn, it is infinite.
  const auto uniform = random.uniform({count, 2}, torch::kDouble).clamp_min(0x1p-54);
  return left + inside + scale_ * (uniform.log() - (-uniform).log1p());
}

ToyDensity::Grid ToyCheckerboard::grid() const {
  return {.half_width = 4 + 35 * scale_, .spacing = scale_ / 2};
}

}  // namespace ebm
