#include "dualebm/framework/problem/torus.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "dualebm/framework/compute/row_kernels.hpp"

namespace ebm {
namespace {

constexpr double turn = 2 * std::numbers::pi;

std::string unit_of(double period) {
  if (period == 360) return "°";
  return std::abs(period - turn) < 1e-6 ? "rad" : "";
}

/// (x_1, x_0) turned by a quarter: the unit tangent (-x_1, x_0) of each pair. [N, k, 2]
torch::Tensor quarter_turned(const torch::Tensor& pairs) {
  return torch::stack({-pairs.select(2, 1), pairs.select(2, 0)}, 2);
}

}  // namespace

Torus::Torus(std::vector<double> periods, std::vector<double> low)
    : periods_(std::move(periods)), low_(std::move(low)) {
  require(!periods_.empty(), "torus: there must be at least one angle");
  for (const double period : periods_)
    require(period > 0 && std::isfinite(period), "torus: every period must be positive, got {}", period);
  if (low_.empty()) {
    for (const double period : periods_) low_.push_back(-period / 2);
  }
  require(low_.size() == periods_.size(), "torus: low has {} numbers for {} angles", low_.size(),
          periods_.size());
}

torch::Tensor Torus::contains(const torch::Tensor& x) const {
  return ((pairs(x).norm(2, 2) - 1).abs() <= 1e-3).all(1);
}

std::vector<Coordinate> Torus::coordinates() const {
  std::vector<Coordinate> result;
  for (std::size_t i = 0; i < periods_.size(); ++i)
    result.push_back({low_[i], low_[i] + periods_[i], true, unit_of(periods_[i])});
  return result;
}

torch::Tensor Torus::points_at(const torch::Tensor& coordinates) const {
  // Column by column with plain numbers: a trace for export then holds no tensor of a fixed dtype.
  std::vector<torch::Tensor> columns;
  for (std::size_t i = 0; i < periods_.size(); ++i) {
    const auto radians = coordinates.select(1, static_cast<std::int64_t>(i)) * (turn / periods_[i]);
    columns.push_back(radians.cos());
    columns.push_back(radians.sin());
  }
  return torch::stack(columns, 1);
}

torch::Tensor Torus::coordinates_of(const torch::Tensor& x) const {
  const auto pair = pairs(x);
  const auto options = x.options();
  const auto period = torch::tensor(periods_, torch::kDouble).to(options);
  const auto low = torch::tensor(low_, torch::kDouble).to(options);
  const auto angle = torch::atan2(pair.select(2, 1), pair.select(2, 0)) * (period / turn);
  const auto above = torch::remainder(angle - low, period);
  // A hair below low is rounded to a whole period, which is low again.
  return torch::where(above >= period, torch::zeros_like(above), above) + low;
}

std::vector<std::shared_ptr<const Domain>> Torus::factors() const {
  return std::vector<std::shared_ptr<const Domain>>(periods_.size(), std::make_shared<Sphere>(2));
}

std::string Torus::base_measure() const { return fmt::format("τ, uniform on T^{}", angles()); }

torch::Tensor Torus::sample_base(std::int64_t count, Random& random,
                                 const torch::TensorOptions& options) const {
  const auto angle = turn * random.uniform({count, angles()}, options);
  return retract(torch::stack({angle.cos(), angle.sin()}, 2).flatten(1));
}

torch::Tensor Torus::to_tangent(const torch::Tensor& x, const torch::Tensor& v) const {
  const auto place = pairs(x), along = pairs(v);
  return (along - (along * place).sum(2, /*keepdim=*/true) * place).flatten(1);
}

torch::Tensor Torus::retract(const torch::Tensor& y) const {
  const auto pair = pairs(y);
  return (pair / pair.norm(2, 2, /*keepdim=*/true)).flatten(1);
}

void Torus::retract_rows(Rows rows) const {
  std::visit([&](auto* first) { normalise_rows(first, rows.count * angles(), 2); }, rows.first);
}

Flow Torus::geodesic(const torch::Tensor& x, const torch::Tensor& velocity, const torch::Tensor& time) const {
  const auto place = pairs(x), tangent = quarter_turned(place);
  const auto speed = (tangent * pairs(velocity)).sum(2, /*keepdim=*/true);
  // A time for each row or for all: a coordinate's own would take the two of a circle apart.
  const auto lasting = time.dim() == 2 ? time.narrow(1, 0, 1).unsqueeze(2) : time;
  const auto angle = speed * lasting;
  const auto turned = place * angle.cos() + tangent * angle.sin();
  const auto y = turned / turned.norm(2, 2, /*keepdim=*/true);
  return {y.flatten(1), (speed * quarter_turned(y)).flatten(1)};
}

torch::Tensor Torus::velocity_variances(const torch::Tensor& variances) const {
  return variances.reshape({-1, 2}).sum(1).repeat_interleave(2);
}

torch::Tensor Torus::laplacian(const torch::Tensor& x, const torch::Tensor& gradient,
                               const torch::Tensor& hessian) const {
  const auto tangent = quarter_turned(pairs(x));
  auto sum = -(x * gradient).sum(1);
  for (std::int64_t i = 0; i < angles(); ++i) {
    const auto t = tangent.select(1, i);
    const auto block = hessian.narrow(1, 2 * i, 2).narrow(2, 2 * i, 2);
    sum = sum + (t * block.matmul(t.unsqueeze(2)).squeeze(2)).sum(1);
  }
  return sum;
}

double Torus::log_area() const {
  double sum = 0;
  for (const double period : periods_) sum += std::log(period);
  return sum;
}

std::optional<Quadrature> Torus::quadrature(std::int64_t resolution) const {
  if (angles() > 2) return std::nullopt;
  const auto count = 2 * resolution;
  const auto step = torch::arange(count, torch::kDouble) + 0.5;
  const auto axes = torch::meshgrid(std::vector<torch::Tensor>(periods_.size(), step), "ij");
  std::vector<torch::Tensor> columns;
  for (std::size_t i = 0; i < axes.size(); ++i)
    columns.push_back(axes[i].reshape(-1) * (periods_[i] / static_cast<double>(count)) + low_[i]);
  const auto points = points_at(torch::stack(columns, 1));
  const auto nodes = points.size(0);
  return Quadrature{points, torch::full({nodes}, 1 / static_cast<double>(nodes), torch::kDouble)};
}

}  // namespace ebm
