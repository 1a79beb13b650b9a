#include "dualebm/framework/problem/atlas.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ebm {
namespace {

constexpr double quarter = std::numbers::pi / 4;
/// v = core at u = 0.62; a third of it where the map is still straight.
constexpr double core = 3;

/// log of the area of S^{d-1}
double log_area_of_sphere(std::int64_t dimension) {
  const double half = 0.5 * static_cast<double>(dimension);
  return std::log(2.0) + half * std::log(std::numbers::pi) - std::lgamma(half);
}

}  // namespace

Atlas::Image SphereAtlas::image(const torch::Tensor& chart, const torch::Tensor& u) const {
  const auto tangent = (u * quarter).tan();
  const auto sign = (1 - 2 * chart.remainder(2)).to(torch::kDouble).unsqueeze(1);
  const auto face = torch::cat({sign, tangent}, 1);
  // Coordinate k of the point is coordinate k - axis of the face.
  const auto axis = chart.div(2, "floor").unsqueeze(1);
  const auto order = (torch::arange(dimension_, torch::kLong).unsqueeze(0) - axis).remainder(dimension_);
  const auto square = 1 + tangent.square().sum(1);
  const double scale =
      std::pow(quarter, static_cast<double>(dimension_ - 1)) * std::exp(-log_area_of_sphere(dimension_));
  const auto density =
      scale * (1 + tangent.square()).prod(1) * square.pow(-0.5 * static_cast<double>(dimension_));
  return {face.gather(1, order) / square.sqrt().unsqueeze(1), density};
}

Atlas::Place SphereAtlas::place(const torch::Tensor& points) const {
  const auto axis = points.abs().argmax(1, /*keepdim=*/true);
  const auto height = points.gather(1, axis);
  const auto order = (torch::arange(1, dimension_, torch::kLong).unsqueeze(0) + axis).remainder(dimension_);
  const auto u = (points.gather(1, order) / height.abs()).atan() / quarter;
  return {(2 * axis + height.lt(0)).squeeze(1), u};
}

SpaceAtlas::SpaceAtlas(const torch::Tensor& points, double scale) {
  const torch::NoGradGuard no_grad;
  constexpr std::int64_t most = 10000;
  const auto stride = std::max<std::int64_t>(1, points.size(0) / most);
  const auto rows = points.slice(0, 0, points.size(0), stride).to(torch::kCPU, torch::kDouble);
  centre_ = rows.mean(0);
  const auto centred = rows - centre_;
  const auto covariance = centred.t().matmul(centred) / static_cast<double>(rows.size(0));
  const auto [variances, directions] = at::linalg_eigh(covariance);
  axes_ = directions;
  // What rounding leaves of a direction in which the points are one is no deviation.
  const auto smallest = 1e-20 * (variances.max() + centre_.square().max());
  scales_ =
      torch::where(variances > smallest, variances.clamp_min(0).sqrt(), torch::full_like(variances, scale));
}

Atlas::Image SpaceAtlas::image(const torch::Tensor&, const torch::Tensor& u) const {
  const auto rest = 1 - u.square();
  const auto v = core * u / rest * scales_;
  const auto density = (core * (1 + u.square()) / rest.square() * scales_).prod(1);
  return {v.matmul(axes_.t()) + centre_, density};
}

Atlas::Place SpaceAtlas::place(const torch::Tensor& points) const {
  const auto v = (points - centre_).matmul(axes_) / scales_ / core;
  // The root of v u² + u - v = 0 inside the cube, without a difference of like numbers.
  const auto u = 2 * v / (1 + (1 + 4 * v.square()).sqrt());
  return {torch::zeros({points.size(0)}, torch::kLong), u};
}

BoxAtlas::BoxAtlas(torch::Tensor lower, torch::Tensor upper, double total)
    : lower_(std::move(lower)), upper_(std::move(upper)) {
  const double half_volume = ((upper_ - lower_) / 2).prod().item<double>();
  density_ = total > 0 ? total / std::pow(2.0, static_cast<double>(lower_.size(0))) : half_volume;
}

Atlas::Image BoxAtlas::image(const torch::Tensor&, const torch::Tensor& u) const {
  return {lower_ + (u + 1) / 2 * (upper_ - lower_), torch::full({u.size(0)}, density_, torch::kDouble)};
}

Atlas::Place BoxAtlas::place(const torch::Tensor& points) const {
  return {torch::zeros({points.size(0)}, torch::kLong), 2 * (points - lower_) / (upper_ - lower_) - 1};
}

}  // namespace ebm
