#include "dualebm/framework/problem/product_domain.hpp"

#include <ATen/ATen.h>

#include <algorithm>

namespace ebm {

ProductDomain::ProductDomain(Factors factors) : factors_(std::move(factors)) {
  require(!factors_.empty(), "product: there must be at least one factor");
  for (const auto& factor : factors_) {
    require(factor != nullptr, "product: a factor is missing");
    dimension_ += factor->dimension();
  }
}

torch::Tensor ProductDomain::joined(const Piece& piece) const {
  std::vector<torch::Tensor> pieces;
  std::int64_t first = 0;
  for (const auto& factor : factors_) {
    pieces.push_back(piece(*factor, first, factor->dimension()));
    first += factor->dimension();
  }
  return torch::cat(pieces, -1);
}

bool ProductDomain::all(bool (Domain::*question)() const) const {
  return std::all_of(factors_.begin(), factors_.end(),
                     [&](const auto& factor) { return ((*factor).*question)(); });
}

bool ProductDomain::any(bool (Domain::*question)() const) const {
  return std::any_of(factors_.begin(), factors_.end(),
                     [&](const auto& factor) { return ((*factor).*question)(); });
}

torch::Tensor ProductDomain::contains(const torch::Tensor& x) const {
  return joined([&](const Domain& factor, std::int64_t first, std::int64_t size) {
           return factor.contains(x.narrow(1, first, size)).unsqueeze(1);
         })
      .all(1);
}

bool ProductDomain::is_flat() const { return all(&Domain::is_flat); }
bool ProductDomain::has_volume_of_coordinates() const { return all(&Domain::has_volume_of_coordinates); }
bool ProductDomain::has_probability_base() const { return all(&Domain::has_probability_base); }

bool ProductDomain::has_walls() const { return any(&Domain::has_walls); }
bool ProductDomain::has_own_coordinates() const { return any(&Domain::has_own_coordinates); }

std::vector<Coordinate> ProductDomain::coordinates() const {
  std::vector<Coordinate> result;
  for (const auto& factor : factors_) {
    for (auto& coordinate : factor->coordinates()) result.push_back(coordinate);
  }
  return result;
}

torch::Tensor ProductDomain::points_at(const torch::Tensor& coordinates) const {
  std::vector<torch::Tensor> pieces;
  std::int64_t first = 0;
  for (const auto& factor : factors_) {
    const auto count = static_cast<std::int64_t>(factor->coordinates().size());
    pieces.push_back(factor->points_at(coordinates.narrow(1, first, count)));
    first += count;
  }
  return torch::cat(pieces, 1);
}

torch::Tensor ProductDomain::coordinates_of(const torch::Tensor& x) const {
  return joined([&](const Domain& factor, std::int64_t first, std::int64_t size) {
    return factor.coordinates_of(x.narrow(1, first, size));
  });
}

std::string ProductDomain::base_measure() const {
  std::string text;
  for (const auto& factor : factors_) text += (text.empty() ? "" : " x ") + factor->base_measure();
  return text;
}

torch::Tensor ProductDomain::sample_base(std::int64_t count, Random& random,
                                         const torch::TensorOptions& options) const {
  return joined([&](const Domain& factor, std::int64_t, std::int64_t) {
    return factor.sample_base(count, random, options);
  });
}

torch::Tensor ProductDomain::to_tangent(const torch::Tensor& x, const torch::Tensor& v) const {
  return joined([&](const Domain& factor, std::int64_t first, std::int64_t size) {
    return factor.to_tangent(x.narrow(1, first, size), v.narrow(1, first, size));
  });
}

torch::Tensor ProductDomain::retract(const torch::Tensor& y) const {
  return joined([&](const Domain& factor, std::int64_t first, std::int64_t size) {
    return factor.retract(y.narrow(1, first, size));
  });
}

Flow ProductDomain::geodesic(const torch::Tensor& x, const torch::Tensor& velocity,
                             const torch::Tensor& time) const {
  const auto lasting = time.dim() == 2 ? time.narrow(1, 0, 1) : time;
  std::vector<torch::Tensor> positions, velocities;
  torch::Tensor reversible;
  std::int64_t first = 0;
  for (const auto& factor : factors_) {
    const auto size = factor->dimension();
    const auto there = factor->geodesic(x.narrow(1, first, size), velocity.narrow(1, first, size), lasting);
    positions.push_back(there.positions);
    velocities.push_back(there.velocities);
    if (there.reversible.defined())
      reversible = reversible.defined() ? reversible.logical_and(there.reversible) : there.reversible;
    first += size;
  }
  return {torch::cat(positions, 1), torch::cat(velocities, 1), reversible};
}

torch::Tensor ProductDomain::velocity_variances(const torch::Tensor& variances) const {
  return joined([&](const Domain& factor, std::int64_t first, std::int64_t size) {
    return factor.velocity_variances(variances.narrow(0, first, size));
  });
}

torch::Tensor ProductDomain::laplacian(const torch::Tensor& x, const torch::Tensor& gradient,
                                       const torch::Tensor& hessian) const {
  return joined([&](const Domain& factor, std::int64_t first, std::int64_t size) {
           const auto block = hessian.narrow(1, first, size).narrow(2, first, size);
           return factor.laplacian(x.narrow(1, first, size), gradient.narrow(1, first, size), block)
               .unsqueeze(1);
         })
      .sum(1);
}

double ProductDomain::log_area() const {
  double sum = 0;
  for (const auto& factor : factors_) sum += factor->log_area();
  return sum;
}

std::optional<Quadrature> ProductDomain::joined_rules(std::int64_t resolution,
                                                      std::optional<Quadrature> (Domain::*rule)(std::int64_t)
                                                          const) const {
  if (coordinates().size() > 2) return std::nullopt;
  auto whole = ((*factors_.front()).*rule)(resolution);
  for (std::size_t i = 1; whole && i < factors_.size(); ++i) {
    const auto next = ((*factors_[i]).*rule)(resolution);
    if (!next) return std::nullopt;
    const auto rows = whole->points.size(0), others = next->points.size(0);
    whole = Quadrature{
        torch::cat({whole->points.repeat_interleave(others, 0), next->points.repeat({rows, 1})}, 1),
        at::outer(whole->weights, next->weights).reshape(-1).contiguous()};
  }
  return whole;
}

std::optional<Quadrature> ProductDomain::quadrature(std::int64_t resolution) const {
  return joined_rules(resolution, &Domain::quadrature);
}

std::optional<Quadrature> ProductDomain::rough_quadrature(std::int64_t resolution) const {
  return joined_rules(resolution, &Domain::rough_quadrature);
}

void for_each_factor(const Domain& domain,
                     const std::function<void(const Domain& factor, std::int64_t first)>& body) {
  const auto factors = domain.factors();
  if (factors.empty()) return body(domain, 0);
  std::int64_t first = 0;
  for (const auto& factor : factors) {
    for_each_factor(*factor, [&](const Domain& piece, std::int64_t inner) { body(piece, first + inner); });
    first += factor->dimension();
  }
}

}  // namespace ebm
