#include "dualebm/datasets/transforms/standardise.hpp"

#include <ATen/ATen.h>

namespace ebm {
namespace {

void require_finite(const torch::Tensor& values, const char* what) {
  const auto finite = values.isfinite();
  for (std::int64_t k = 0; k < values.size(0); ++k) {
    require(finite[k].item<bool>(), "standardise: the {} of coordinate {} of the training part is {}", what,
            k, values[k].item<double>());
  }
}

}  // namespace

Standardise::Standardise(const TransformContext& context, const Options&) {
  const auto coordinates = context.domain->coordinates();
  const auto dimension = static_cast<std::int64_t>(coordinates.size());
  free_ = torch::ones({dimension}, torch::kBool);
  for (std::int64_t k = 0; k < dimension; ++k) {
    const auto& range = coordinates[static_cast<std::size_t>(k)];
    if (range.wraps || range.walled()) free_[k] = false;
  }
  require(free_.any().item<bool>(),
          "transform standardise: every coordinate of the domain {} has a range of its own; leave the "
          "transform out",
          context.domain->name());
  mean_ = register_buffer("mean", torch::zeros({dimension}, context.tensor_options));
  deviation_ = register_buffer("deviation", torch::ones({dimension}, context.tensor_options));
}

void Standardise::fit(const torch::Tensor& train) {
  const torch::NoGradGuard no_grad;
  constexpr std::int64_t rows_at_once = 1 << 14;
  const auto pieces = train.split(rows_at_once);
  const auto count = static_cast<double>(train.size(0));
  auto sum = torch::zeros({train.size(1)}, train.options().dtype(torch::kDouble));
  auto low = train[0].to(torch::kDouble), high = low;
  for (const auto& piece : pieces) {
    const auto exact = piece.to(torch::kDouble);
    sum += exact.sum(0);
    low = torch::minimum(low, exact.amin(0));
    high = torch::maximum(high, exact.amax(0));
  }
  const auto mean = sum / count;
  auto square = torch::zeros_like(sum);  // of the centred numbers: the difference of two sums would cancel
  for (const auto& piece : pieces) square += (piece.to(torch::kDouble) - mean).square().sum(0);
  const auto deviation = torch::where(low == high, torch::ones_like(square), (square / count).sqrt());
  mean_.copy_(torch::where(free_, mean, torch::zeros_like(mean)));
  deviation_.copy_(torch::where(free_, deviation, torch::ones_like(deviation)));
  require_finite(mean_, "mean");
  require_finite(deviation_, "deviation");
}

double Standardise::log_determinant() const {
  return -deviation_.to(torch::kDouble).log().sum().item<double>();
}

}  // namespace ebm
