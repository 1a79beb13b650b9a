#include "dualebm/datasets/toys/toy_density.hpp"

#include <ATen/ATen.h>

#include <cmath>

namespace ebm {
namespace {

constexpr std::int64_t rows_at_once = 1 << 12;

std::int64_t side(const ToyDensity::Grid& grid) {
  return static_cast<std::int64_t>(std::ceil(2 * grid.half_width / grid.spacing));
}

}  // namespace

torch::Tensor ToyDensity::forward(const torch::Tensor& x) {
  std::vector<torch::Tensor> parts;
  for (const auto& part : x.split(rows_at_once)) parts.push_back(-log_density(part));
  return torch::cat(parts);
}

double ToyDensity::entropy() {
  const torch::NoGradGuard no_grad;
  const auto energy = forward(grid().points());
  // Where p is 0 in double its energy is large and finite, and the product 0.
  return ((-energy).exp() * energy).sum().item<double>() * grid().cell();
}

torch::Tensor ToyDensity::Grid::points() const {
  const auto count = side(*this);
  const auto line =
      (torch::arange(count, torch::kDouble) + 0.5) * (2 * half_width / static_cast<double>(count)) -
      half_width;
  return torch::stack({line.repeat_interleave(count), line.repeat({count})}, 1);
}

double ToyDensity::Grid::cell() const {
  const double step = 2 * half_width / static_cast<double>(side(*this));
  return step * step;
}

}  // namespace ebm
