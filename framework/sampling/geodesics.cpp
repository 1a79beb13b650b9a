#include "dualebm/framework/sampling/geodesics.hpp"

#include <ATen/ATen.h>

#include <limits>

#include "dualebm/framework/base/error.hpp"

namespace ebm {

Geometry geometry_of(const Domain& domain, const torch::Tensor& x) {
  if (dynamic_cast<const Euclidean*>(&domain)) return Geometry::euclidean;
  if (dynamic_cast<const Sphere*>(&domain)) return Geometry::sphere;
  // Directions in general position: a projection that keeps them keeps every one.
  const auto point = x.narrow(0, 0, 1).to(torch::kDouble);
  const auto direction = torch::arange(1, x.size(1) + 1, point.options()).sqrt().unsqueeze(0);
  require(
      torch::allclose(domain.to_tangent(point, direction), direction),
      "the domain {} is curved: exact kernels know the geodesics of the sphere and of flat domains alone; "
      "use the sampler langevin",
      domain.name());
  return Geometry::wrapped;
}

torch::Tensor tangent(Geometry geometry, const torch::Tensor& x, const torch::Tensor& velocity) {
  if (geometry != Geometry::sphere) return velocity;
  return velocity - (velocity * x).sum(1, /*keepdim=*/true) * x;
}

namespace {

Flow great_circles(const torch::Tensor& x, const torch::Tensor& velocity, const torch::Tensor& time) {
  const auto speed = velocity.norm(2, 1, /*keepdim=*/true);
  const auto angle = speed * time, cosine = angle.cos(), sine = angle.sin();
  // A particle at rest stays: its direction 0 / 0 is read as 0.
  const auto direction = velocity / speed.clamp_min(std::numeric_limits<float>::min());
  auto y = x * cosine + direction * sine;
  y = y / y.norm(2, 1, /*keepdim=*/true);
  const auto turned = direction * cosine - x * sine;
  return {y, speed * tangent(Geometry::sphere, y, turned)};
}

}  // namespace

Flow flow(Geometry geometry, const Domain& domain, const torch::Tensor& x, const torch::Tensor& velocity,
          const torch::Tensor& time) {
  if (geometry == Geometry::sphere) return great_circles(x, velocity, time);
  const auto straight = x + time * velocity;
  if (geometry == Geometry::euclidean) return {straight, velocity};
  const auto y = domain.retract(straight), back = domain.retract(y - time * velocity);
  const double tolerance = x.scalar_type() == torch::kDouble ? 1e-9 : 1e-4;
  return {y, velocity, ((back - x).abs() <= tolerance * (1 + x.abs() + (time * velocity).abs())).all(1)};
}

}  // namespace ebm
