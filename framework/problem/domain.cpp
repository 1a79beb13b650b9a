#include "dualebm/framework/problem/domain.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/row_kernels.hpp"

namespace ebm {

void Domain::retract_rows(Rows rows) const {
  const torch::NoGradGuard no_grad;
  std::visit(
      [&]<class Real>(Real* first) {
        const auto points =
            torch::from_blob(first, {rows.count, rows.dimension}, c10::CppTypeToScalarType<Real>::value);
        points.copy_(retract(points));
      },
      rows.first);
}

torch::Tensor Domain::contains(const torch::Tensor& x) const { return (retract(x) - x).norm(2, 1) <= 1e-3; }

Picture Domain::picture() const {
  return has_volume_of_coordinates() && coordinates().size() == 2 ? Picture::plane : Picture::none;
}

std::vector<Coordinate> Domain::coordinates() const {
  return std::vector<Coordinate>(static_cast<std::size_t>(dimension()));
}

Flow Domain::geodesic(const torch::Tensor& x, const torch::Tensor& velocity,
                      const torch::Tensor& time) const {
  // Directions in general position: a projection that keeps them keeps every one.
  const auto point = x.narrow(0, 0, 1).to(torch::kDouble);
  const auto direction = torch::arange(1, x.size(1) + 1, point.options()).sqrt().unsqueeze(0);
  require(torch::allclose(to_tangent(point, direction), direction),
          "the domain {} is curved: exact kernels know its geodesics where it has a `geodesic`, and else "
          "those of flat domains alone; use the sampler langevin",
          name());
  const auto y = retract(x + time * velocity), back = retract(y - time * velocity);
  const double tolerance = x.scalar_type() == torch::kDouble ? 1e-9 : 1e-4;
  return {y, velocity, ((back - x).abs() <= tolerance * (1 + x.abs() + (time * velocity).abs())).all(1)};
}

torch::Tensor Domain::velocity_variances(const torch::Tensor& variances) const {
  return torch::ones_like(variances);
}

Sphere::Sphere(std::int64_t dimension) : dimension_(dimension) {
  require(dimension >= 2, "sphere: dimension must be at least 2 (ambient coordinates), got {}", dimension);
}

torch::Tensor Sphere::contains(const torch::Tensor& x) const { return (x.norm(2, 1) - 1).abs() <= 1e-3; }

std::string Sphere::base_measure() const { return fmt::format("τ, uniform on S^{}", dimension_ - 1); }

torch::Tensor Sphere::sample_base(std::int64_t count, Random& random,
                                  const torch::TensorOptions& options) const {
  return retract(random.normal({count, dimension_}, options));
}

torch::Tensor Sphere::to_tangent(const torch::Tensor& x, const torch::Tensor& v) const {
  return v - (v * x).sum(1, /*keepdim=*/true) * x;
}

torch::Tensor Sphere::retract(const torch::Tensor& y) const { return y / y.norm(2, 1, /*keepdim=*/true); }

void Sphere::retract_rows(Rows rows) const {
  std::visit([&](auto* first) { normalise_rows(first, rows.count, rows.dimension); }, rows.first);
}

Flow Sphere::geodesic(const torch::Tensor& x, const torch::Tensor& velocity,
                      const torch::Tensor& time) const {
  const auto speed = velocity.norm(2, 1, /*keepdim=*/true);
  const auto angle = speed * time, cosine = angle.cos(), sine = angle.sin();
  // A particle at rest stays: its direction 0 / 0 is read as 0.
  const auto direction = velocity / speed.clamp_min(std::numeric_limits<float>::min());
  const auto y = retract(x * cosine + direction * sine);
  return {y, speed * to_tangent(y, direction * cosine - x * sine)};
}

torch::Tensor Sphere::laplacian(const torch::Tensor& x, const torch::Tensor& gradient,
                                const torch::Tensor& hessian) const {
  const auto trace = hessian.diagonal(0, 1, 2).sum(1);
  const auto radial = (x * hessian.matmul(x.unsqueeze(2)).squeeze(2)).sum(1);
  return trace - radial - static_cast<double>(dimension_ - 1) * (x * gradient).sum(1);
}

double Sphere::log_area() const {
  const double half = 0.5 * static_cast<double>(dimension_);
  return std::log(2.0) + half * std::log(std::numbers::pi) - std::lgamma(half);
}

std::optional<Quadrature> Sphere::quadrature(std::int64_t resolution) const {
  if (dimension_ != 3) return std::nullopt;
  return sphere_quadrature(resolution, 2 * resolution);
}

std::shared_ptr<const Atlas> Sphere::atlas(const torch::Tensor&) const {
  return dimension_ <= 4 ? std::make_shared<SphereAtlas>(dimension_) : nullptr;
}

Euclidean::Euclidean(std::int64_t dimension, double scale, double half_width)
    : dimension_(dimension), scale_(scale), half_width_(half_width) {
  require(dimension >= 1, "euclidean: dimension must be at least 1, got {}", dimension);
  require(scale > 0, "euclidean: scale must be positive, got {}", scale);
  require(half_width > 0, "euclidean: half_width must be positive, got {}", half_width);
}

torch::Tensor Euclidean::contains(const torch::Tensor& x) const { return x.isfinite().all(1); }

std::string Euclidean::base_measure() const { return fmt::format("Lebesgue measure on R^{}", dimension_); }

torch::Tensor Euclidean::sample_base(std::int64_t count, Random& random,
                                     const torch::TensorOptions& options) const {
  return random.normal({count, dimension_}, options).mul_(scale_);
}

torch::Tensor Euclidean::laplacian(const torch::Tensor&, const torch::Tensor&,
                                   const torch::Tensor& hessian) const {
  return hessian.diagonal(0, 1, 2).sum(1);
}

std::optional<Quadrature> Euclidean::quadrature(std::int64_t resolution) const {
  if (dimension_ > 2) return std::nullopt;
  return cube_quadrature(dimension_, 2 * resolution, half_width_);
}

std::optional<Quadrature> Euclidean::rough_quadrature(std::int64_t resolution) const {
  if (dimension_ > 2) return std::nullopt;
  return cube_quadrature(dimension_, 2 * resolution, 2 * half_width_);
}

std::shared_ptr<const Atlas> Euclidean::atlas(const torch::Tensor& points) const {
  return dimension_ <= 3 ? std::make_shared<SpaceAtlas>(points, scale_) : nullptr;
}

}  // namespace ebm
