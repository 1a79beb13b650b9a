#include "dualebm/framework/problem/box.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>

namespace ebm {
namespace {

struct Reflected {
  torch::Tensor position;  ///< in [low, high]
  torch::Tensor odd;       ///< bool: whether it was reflected an odd number of times
};

/// y on the line folded into [low, high] at both ends.
Reflected reflected(const torch::Tensor& y, const torch::Tensor& low, const torch::Tensor& high) {
  const auto width = high - low;
  const auto there = torch::remainder(y - low, 2 * width);
  const auto odd = there > width;
  const auto inside = low + torch::where(odd, 2 * width - there, there);
  return {torch::minimum(torch::maximum(inside, low), high), odd};
}

}  // namespace

Box::Box(std::vector<double> low, std::vector<double> high) : low_(std::move(low)), high_(std::move(high)) {
  require(!low_.empty() && low_.size() == high_.size(),
          "box: low and high need one number for each coordinate, got {} and {}", low_.size(), high_.size());
  for (std::size_t i = 0; i < low_.size(); ++i) {
    require(low_[i] < high_[i] && std::isfinite(high_[i] - low_[i]),
            "box: coordinate {} must have low < high, got {} and {}", i, low_[i], high_[i]);
  }
  low_tensor_ = torch::tensor(low_, torch::kDouble);
  high_tensor_ = torch::tensor(high_, torch::kDouble);
}

torch::Tensor Box::contains(const torch::Tensor& x) const {
  const auto low = low_tensor_.to(x.options()), high = high_tensor_.to(x.options());
  const auto margin = 1e-6 * (high - low);
  return (x >= low - margin).logical_and(x <= high + margin).all(1);
}

std::vector<Coordinate> Box::coordinates() const {
  std::vector<Coordinate> result;
  for (std::size_t i = 0; i < low_.size(); ++i) result.push_back({low_[i], high_[i]});
  return result;
}

std::string Box::base_measure() const {
  if (dimension() > 2) return fmt::format("τ, uniform on a box in R^{}", dimension());
  std::string sides;
  for (std::size_t i = 0; i < low_.size(); ++i)
    sides += fmt::format("{}[{:g}, {:g}]", i ? " x " : "", low_[i], high_[i]);
  return "τ, uniform on " + sides;
}

torch::Tensor Box::sample_base(std::int64_t count, Random& random,
                               const torch::TensorOptions& options) const {
  const auto low = low_tensor_.to(options), high = high_tensor_.to(options);
  // Rounding may put low + width a hair beyond the wall.
  return torch::minimum(low + (high - low) * random.uniform({count, dimension()}, options), high);
}

torch::Tensor Box::retract(const torch::Tensor& y) const {
  return reflected(y, low_tensor_.to(y.options()), high_tensor_.to(y.options())).position;
}

void Box::retract_rows(Rows rows) const {
  std::visit(
      [&]<class Real>(Real* first) {
        for (std::int64_t row = 0; row < rows.count; ++row) {
          for (std::size_t i = 0; i < low_.size(); ++i) {
            auto& y = first[row * rows.dimension + static_cast<std::int64_t>(i)];
            const auto low = static_cast<Real>(low_[i]), high = static_cast<Real>(high_[i]);
            if (y >= low && y <= high) continue;  // what is no number goes on
            const auto width = high - low, there = y - low - 2 * width * std::floor((y - low) / (2 * width));
            const auto inside = low + (there > width ? 2 * width - there : there);
            y = inside < low ? low : inside > high ? high : inside;
          }
        }
      },
      rows.first);
}

Flow Box::geodesic(const torch::Tensor& x, const torch::Tensor& velocity, const torch::Tensor& time) const {
  const auto there =
      reflected(x + time * velocity, low_tensor_.to(x.options()), high_tensor_.to(x.options()));
  return {there.position, torch::where(there.odd, -velocity, velocity)};
}

torch::Tensor Box::laplacian(const torch::Tensor&, const torch::Tensor&, const torch::Tensor& hessian) const {
  return hessian.diagonal(0, 1, 2).sum(1);
}

double Box::log_area() const { return (high_tensor_ - low_tensor_).log().sum().item<double>(); }

std::optional<Quadrature> Box::quadrature(std::int64_t resolution) const {
  if (dimension() > 2) return std::nullopt;
  const auto [node, weight] = gauss_legendre(resolution);
  const auto unit = 0.5 * (node + 1), share = 0.5 * weight;
  if (dimension() == 1) {
    return Quadrature{(low_[0] + (high_[0] - low_[0]) * unit).unsqueeze(1), share};
  }
  const auto axes = torch::meshgrid({unit, unit}, "ij");
  const auto corner = torch::stack({axes[0].reshape(-1), axes[1].reshape(-1)}, 1);
  return Quadrature{low_tensor_ + (high_tensor_ - low_tensor_) * corner,
                    at::outer(share, share).reshape(-1).contiguous()};
}

}  // namespace ebm
