#pragma once

#include <torch/types.h>

#include <cstdint>

#include "dualebm/framework/problem/atlas.hpp"
#include "dualebm/framework/problem/quadrature.hpp"

namespace ebm {

/// Cubes in the charts of an atlas, of side 2^{1-level}.
struct Cells {
  torch::Tensor chart;  ///< [C], int64
  torch::Tensor lower;  ///< corner with the least coordinates, [C, k], double
  torch::Tensor level;  ///< [C], int64; 0 is a whole chart

  std::int64_t count() const { return chart.size(0); }  ///< C
  /// Those of the given rows.
  Cells at(const torch::Tensor& rows) const;
  /// These and then the others.
  Cells with(const Cells& others) const;
  /// The 2^k halves of each, one cell after the other: [2^k C]. Half number Σ_j 2^j b_j is the upper one,
  /// b_j = 1, in coordinate j.
  Cells halves() const;
};

/// All charts, each cut into 2^level cells a side.
Cells whole(const Atlas& atlas, std::int64_t level);

/// A tensor rule of Gauss and Legendre on every cell, `order` nodes a side, cell by cell.
Quadrature rule_on(const Atlas& atlas, const Cells& cells, std::int64_t order);

}  // namespace ebm
