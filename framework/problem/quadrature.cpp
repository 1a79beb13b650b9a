#include "dualebm/framework/problem/quadrature.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>

#include "dualebm/framework/base/error.hpp"

namespace ebm {

double Quadrature::log_integral(const torch::Tensor& energy) const {
  return (weights.log() - energy.to(weights.options())).logsumexp(0).item<double>();
}

torch::Tensor Quadrature::gibbs(const torch::Tensor& energy) const {
  return (weights.log() - energy.to(weights.options())).softmax(0);
}

std::pair<torch::Tensor, torch::Tensor> gauss_legendre(std::int64_t count) {
  require(count >= 1, "gauss_legendre: the number of nodes must be positive, got {}", count);
  const auto nodes = torch::empty({count}, torch::kDouble);
  const auto weights = torch::empty({count}, torch::kDouble);
  const double n = static_cast<double>(count);
  for (std::int64_t i = 0; i < count; ++i) {
    double x = std::cos(std::numbers::pi * (static_cast<double>(i) + 0.75) / (n + 0.5));
    double derivative = 0;
    for (int iteration = 0; iteration < 100; ++iteration) {
      double previous = 1, current = x;
      for (std::int64_t k = 2; k <= count; ++k) {
        const double degree = static_cast<double>(k);
        const double next = ((2 * degree - 1) * x * current - (degree - 1) * previous) / degree;
        previous = current;
        current = next;
      }
      derivative = n * (x * current - previous) / (x * x - 1);
      const double change = current / derivative;
      x -= change;
      if (std::abs(change) < 1e-15) break;
    }
    nodes[i] = x;
    weights[i] = 2 / ((1 - x * x) * derivative * derivative);
  }
  return {nodes, weights};
}

Quadrature sphere_quadrature(std::int64_t latitudes, std::int64_t longitudes) {
  require(longitudes >= 1, "sphere_quadrature: the number of longitudes must be positive, got {}",
          longitudes);
  const auto [cosine, weight] = gauss_legendre(latitudes);
  const auto sine = (1 - cosine.square()).sqrt();
  const double spacing = 2 * std::numbers::pi / static_cast<double>(longitudes);
  const auto longitude = (torch::arange(longitudes, torch::kDouble) + 0.5) * spacing - std::numbers::pi;
  const auto x = at::outer(sine, longitude.cos());
  const auto y = at::outer(sine, longitude.sin());
  const auto z = cosine.unsqueeze(1).expand_as(x);
  const auto share = weight.unsqueeze(1).expand_as(x) / (2.0 * static_cast<double>(longitudes));
  return {torch::stack({x.reshape(-1), y.reshape(-1), z.reshape(-1)}, 1), share.reshape(-1).contiguous()};
}

Quadrature cube_quadrature(std::int64_t dimension, std::int64_t nodes, double half_width) {
  require(nodes >= 1, "cube_quadrature: the number of nodes must be positive, got {}", nodes);
  const double spacing = 2 * half_width / static_cast<double>(nodes);
  const auto side = (torch::arange(nodes, torch::kDouble) + 0.5) * spacing - half_width;
  const auto axes =
      torch::meshgrid(std::vector<torch::Tensor>(static_cast<std::size_t>(dimension), side), "ij");
  std::vector<torch::Tensor> columns;
  for (const auto& axis : axes) columns.push_back(axis.reshape(-1));
  const auto points = torch::stack(columns, 1);
  return {points, torch::full({points.size(0)}, std::pow(spacing, dimension), torch::kDouble)};
}

}  // namespace ebm
