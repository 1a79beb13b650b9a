#include "dualebm/framework/problem/cells.hpp"

#include <ATen/ATen.h>

namespace ebm {
namespace {

torch::Tensor side_of(const torch::Tensor& level) { return torch::pow(2.0, 1 - level.to(torch::kDouble)); }

/// All combinations of the rows of a side: [n^k, k], the last coordinate fastest.
torch::Tensor product(const torch::Tensor& side, std::int64_t coordinates) {
  const auto axes =
      torch::meshgrid(std::vector<torch::Tensor>(static_cast<std::size_t>(coordinates), side), "ij");
  std::vector<torch::Tensor> columns;
  for (const auto& axis : axes) columns.push_back(axis.reshape(-1));
  return torch::stack(columns, 1);
}

}  // namespace

Cells Cells::at(const torch::Tensor& rows) const {
  return {chart.index_select(0, rows), lower.index_select(0, rows), level.index_select(0, rows)};
}

Cells Cells::with(const Cells& others) const {
  return {torch::cat({chart, others.chart}), torch::cat({lower, others.lower}),
          torch::cat({level, others.level})};
}

Cells Cells::halves() const {
  const auto k = lower.size(1), parts = std::int64_t{1} << k;
  const auto number = torch::arange(parts, torch::kLong).unsqueeze(1);
  const auto upper = number.div(torch::pow(2, torch::arange(k, torch::kLong)), "floor").remainder(2);
  const auto step = (side_of(level) / 2).reshape({-1, 1, 1});
  return {chart.repeat_interleave(parts), (lower.unsqueeze(1) + upper.unsqueeze(0) * step).reshape({-1, k}),
          (level + 1).repeat_interleave(parts)};
}

Cells whole(const Atlas& atlas, std::int64_t level) {
  const auto k = atlas.coordinates(), side = std::int64_t{1} << level;
  const auto corner = torch::arange(side, torch::kDouble) * (2.0 / static_cast<double>(side)) - 1;
  const auto corners = product(corner, k);
  const auto each = corners.size(0), count = each * atlas.charts();
  return {torch::arange(atlas.charts(), torch::kLong).repeat_interleave(each),
          corners.repeat({atlas.charts(), 1}), torch::full({count}, level, torch::kLong)};
}

Quadrature rule_on(const Atlas& atlas, const Cells& cells, std::int64_t order) {
  const auto k = atlas.coordinates();
  const auto [nodes, weights] = gauss_legendre(order);
  const auto place = (product(nodes, k) + 1) / 2;        // [P, k], in [0, 1]
  const auto share = (product(weights, k) / 2).prod(1);  // [P], sums to one
  const auto side = side_of(cells.level).reshape({-1, 1, 1});
  const auto u = (cells.lower.unsqueeze(1) + place.unsqueeze(0) * side).reshape({-1, k});
  const auto image = atlas.image(cells.chart.repeat_interleave(place.size(0)), u);
  const auto volume = side.reshape({-1, 1}).pow(static_cast<double>(k)) * share.unsqueeze(0);
  return {image.points, image.density * volume.reshape(-1)};
}

}  // namespace ebm
