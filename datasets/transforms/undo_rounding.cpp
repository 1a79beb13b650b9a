#include "dualebm/datasets/transforms/undo_rounding.hpp"

#include <ATen/ATen.h>

namespace ebm {
namespace {

constexpr double distinct_share = 0.5, grid_tolerance = 1e-3;

}  // namespace

UndoRounding::UndoRounding(const TransformContext& context, const Options&) {
  const auto d = context.domain->dimension();
  step_ = register_buffer("step", torch::zeros({d}, context.tensor_options));
  grid_ = register_buffer("grid", torch::zeros({d}, context.tensor_options));
  offset_ = register_buffer("offset", torch::zeros({d}, context.tensor_options));
}

void UndoRounding::fit(const torch::Tensor& train) {
  const torch::NoGradGuard no_grad;
  for (std::int64_t k = 0; k < train.size(1); ++k) {
    const auto values = std::get<0>(at::_unique(train.select(1, k).to(torch::kDouble).contiguous()));
    const auto count = values.size(0);
    if (count < 2 || static_cast<double>(count) > distinct_share * static_cast<double>(train.size(0)))
      continue;
    const auto gaps = values.narrow(0, 1, count - 1) - values.narrow(0, 0, count - 1);
    const double least = gaps.min().item<double>();
    const auto cells = gaps / least;
    const bool on_grid = ((cells - cells.round()).abs() < grid_tolerance).all().item<bool>();
    step_[k] = on_grid ? least : gaps.median().item<double>();
    grid_[k] = on_grid ? 1 : 0;
    offset_[k] = values[0].item<double>();
  }
}

torch::Tensor UndoRounding::prepare(const torch::Tensor& x, Random& random) {
  const auto exact = x.to(torch::kDouble);
  return exact + (random.uniform(exact.sizes(), exact.options()) - 0.5) * step_.to(exact.options());
}

torch::Tensor UndoRounding::inverse(const torch::Tensor& y) {
  const auto options = y.options();
  const auto step = step_.to(options), offset = offset_.to(options);
  const auto one = torch::where(step > 0, step, torch::ones_like(step));
  return torch::where(grid_.to(options) > 0, offset + ((y - offset) / one).round() * one, y);
}

}  // namespace ebm
