#include "dualebm/framework/problem/cell_index.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <set>

namespace ebm {

std::size_t CellIndex::Hash::operator()(const Key& key) const {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const auto part : key) {
    hash = (hash ^ static_cast<std::uint64_t>(part)) * 1099511628211ULL;
    hash ^= hash >> 29;
  }
  return static_cast<std::size_t>(hash);
}

CellIndex::CellIndex(const Cells& cells) : cells_(cells), coordinates_(cells.lower.size(1)) {
  const auto chart = cells.chart.accessor<std::int64_t, 1>(), level = cells.level.accessor<std::int64_t, 1>();
  const auto lower = cells.lower.accessor<double, 2>();
  std::set<std::int64_t> levels;
  for (std::int64_t row = 0; row < cells.count(); ++row) {
    levels.insert(level[row]);
    Key key{chart[row], level[row], 0, 0, 0};
    for (std::int64_t k = 0; k < coordinates_; ++k) {
      key[static_cast<std::size_t>(k) + 2] =
          std::llround(std::ldexp(lower[row][k] + 1, static_cast<int>(level[row]) - 1));
    }
    rows_.emplace(key, row);
  }
  levels_.assign(levels.begin(), levels.end());
}

std::int64_t CellIndex::find(const Atlas::Place& place, std::int64_t row) const {
  const auto chart = place.chart.accessor<std::int64_t, 1>();
  const auto u = place.u.accessor<double, 2>();
  for (const auto level : levels_) {
    Key key{chart[row], level, 0, 0, 0};
    for (std::int64_t k = 0; k < coordinates_; ++k) {
      const double inside = std::min(std::max(u[row][k], -1.0), 1.0 - 1e-16);
      key[static_cast<std::size_t>(k) + 2] =
          static_cast<std::int64_t>(std::floor(std::ldexp(inside + 1, static_cast<int>(level) - 1)));
    }
    if (const auto found = rows_.find(key); found != rows_.end()) return found->second;
  }
  return -1;
}

std::vector<std::int64_t> CellIndex::too_large(const Atlas& atlas) const {
  const auto side = torch::pow(2.0, 1 - cells_.level.to(torch::kDouble)).unsqueeze(1);
  const auto middle = cells_.lower + side / 2;
  const auto level = cells_.level.accessor<std::int64_t, 1>();
  std::set<std::int64_t> found;
  for (std::int64_t k = 0; k < coordinates_; ++k) {
    for (const double direction : {-0.5625, 0.5625}) {  // a sixteenth of a side beyond the middle of a face
      auto u = middle.clone();
      u.select(1, k).add_(direction * side.squeeze(1));
      // At the end of an atlas there is nothing beside a cell but itself.
      if (!atlas.goes_on()) u = torch::where(u.abs().ge(1), middle, u);
      const auto found_at = atlas.place(atlas.image(cells_.chart, u).points);
      const Atlas::Place place{found_at.chart.contiguous(), found_at.u.contiguous()};
      for (std::int64_t row = 0; row < cells_.count(); ++row) {
        const auto beside = find(place, row);
        if (beside >= 0 && level[beside] + 1 < level[row]) found.insert(beside);
      }
    }
  }
  return {found.begin(), found.end()};
}

}  // namespace ebm
