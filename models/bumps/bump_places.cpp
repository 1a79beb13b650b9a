#include "dualebm/models/bumps/bump_places.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

constexpr std::int64_t fewest_neighbours = 8, most_neighbours = 20000;

/// The axis v of the ellipse of the points around a centre.
/// @param some [n, d], among which neighbours are
/// @return [d]
torch::Tensor local_axis(const torch::Tensor& some, const torch::Tensor& centre, const Domain& domain,
                         double radius, double elongation) {
  const auto away = some - centre;
  const auto near = away.square().sum(1).le(radius * radius).nonzero().squeeze(1);
  if (near.size(0) < fewest_neighbours) return torch::zeros_like(centre);
  const auto tangent =
      domain.to_tangent(centre.unsqueeze(0).expand({near.size(0), -1}), away.index_select(0, near));
  const auto centred = tangent - tangent.mean(0);
  const auto [variances, directions] = at::linalg_eigh(centred.t().mm(centred));
  const auto d = variances.size(0);
  const double largest = variances[d - 1].item<double>(), next = variances[d - 2].item<double>();
  const double ratio =
      next * elongation * elongation > largest ? std::sqrt(std::max(1.0, largest / next)) : elongation;
  if (!(largest > 0)) return torch::zeros_like(centre);
  return directions.select(1, d - 1) * std::sqrt(1 - 1 / (ratio * ratio));
}

}  // namespace

void BumpPlaceList::add(double concentration, std::int64_t room, const Ellipses& found) {
  auto places = torch::zeros({room, dimension_}, torch::kDouble),
       height = torch::zeros({room}, torch::kDouble), axes = torch::zeros_like(places);
  if (found.centres.defined()) {
    const auto count = found.centres.size(0);
    places.narrow(0, 0, count).copy_(found.centres);
    height.narrow(0, 0, count).fill_(std::pow(concentration / least_, height_power_));
    if (found.axes.defined()) axes.narrow(0, 0, count).copy_(found.axes);
  }
  centres_.push_back(places);
  concentrations_.push_back(torch::full({room}, concentration, torch::kDouble));
  heights_.push_back(height);
  axes_.push_back(axes);
}

BumpPlaces BumpPlaceList::joined() const {
  return {.centres = torch::cat(centres_),
          .concentrations = torch::cat(concentrations_),
          .heights = torch::cat(heights_),
          .axes = elliptic_ ? torch::cat(axes_) : torch::Tensor()};
}

void require_a_place(const EnergyContext& context, const std::vector<double>& concentrations,
                     const char* name) {
  require(!concentrations.empty(), "energy.concentrations: there are none");
  require(
      context.restored || (context.points.defined() && context.points.size(0) > 0),
      "energy.name: {} stand at training points, and there are none here; hand them over in EnergyContext",
      name);
  require(
      context.domain->has_probability_base(),
      "energy.name: {} are flat far from the data, so exp(-E) has no integral over the domain {}; take the "
      "sphere, a torus or a box (transform to_box)",
      name, context.domain->name());
}

std::int64_t directions_at_a_point(const Domain& domain) {
  Random random(0, "a point");
  const auto d = domain.dimension();
  const auto point = domain.sample_base(1, random, torch::kDouble).expand({d, d});
  return std::llround(domain.to_tangent(point, torch::eye(d, torch::kDouble)).trace().item<double>());
}

torch::Tensor fibonacci_lattice(std::int64_t count) {
  const auto i = torch::arange(count, torch::kDouble);
  const auto z = 1 - (2 * i + 1) / static_cast<double>(count);
  const auto angle = i * (std::numbers::pi * (3 - std::sqrt(5.0)));
  const auto r = (1 - z * z).sqrt();
  return torch::stack({r * angle.cos(), r * angle.sin(), z}, 1);
}

std::int64_t lattice_size(double distance) {
  return std::max<std::int64_t>(
      4, static_cast<std::int64_t>(4 * std::numbers::pi / (0.5 * std::sqrt(3.0) * distance * distance)));
}

torch::Tensor thinned(const torch::Tensor& points, double distance, std::int64_t most) {
  const auto d = points.size(1);
  const auto rows = points.accessor<double, 2>();
  std::vector<std::int64_t> taken;
  for (std::int64_t i = 0; i < points.size(0) && static_cast<std::int64_t>(taken.size()) < most; ++i) {
    const bool near = std::any_of(taken.begin(), taken.end(), [&](std::int64_t j) {
      double square = 0;
      for (std::int64_t k = 0; k < d; ++k) square += (rows[i][k] - rows[j][k]) * (rows[i][k] - rows[j][k]);
      return square < distance * distance;
    });
    if (!near) taken.push_back(i);
  }
  return points.index_select(0, torch::tensor(taken, torch::kLong));
}

Ellipses thinned_ellipses(const torch::Tensor& points, const Domain& domain, double width, double elongation,
                          double spacing, std::int64_t most) {
  const auto d = points.size(1);
  const auto some = points.narrow(0, 0, std::min(points.size(0), most_neighbours));
  const auto rows = points.accessor<double, 2>();
  std::vector<std::int64_t> taken;
  std::vector<torch::Tensor> axes;
  const double least = spacing * spacing * width * width;
  for (std::int64_t i = 0; i < points.size(0) && static_cast<std::int64_t>(taken.size()) < most; ++i) {
    bool near = false;
    for (std::size_t j = 0; j < taken.size() && !near; ++j) {
      const auto* axis = axes[j].data_ptr<double>();
      double square = 0, along = 0;
      for (std::int64_t k = 0; k < d; ++k) {
        const double difference = rows[i][k] - rows[taken[j]][k];
        square += difference * difference;
        along += difference * axis[k];
      }
      near = square - along * along < least;
    }
    if (near) continue;
    taken.push_back(i);
    axes.push_back(local_axis(some, points[i], domain, elongation * width, elongation).contiguous());
  }
  return {points.index_select(0, torch::tensor(taken, torch::kLong)),
          axes.empty() ? torch::zeros({0, d}, torch::kDouble) : torch::stack(axes)};
}

}  // namespace ebm
