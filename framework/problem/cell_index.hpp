#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "dualebm/framework/problem/cells.hpp"

namespace ebm {

/// Finds the cell that a point lies in, among cells that cover an atlas once.
class CellIndex final {
 public:
  /// @param cells  which outlive the index
  explicit CellIndex(const Cells& cells);

  /// The row of the cell; -1 for a point in none. @param place  one point: chart [N], u [N, k] at `row`
  std::int64_t find(const Atlas::Place& place, std::int64_t row) const;

  /// Cells more than twice as large as one beside them, in ascending order. A peak at a face may hide between
  /// the nodes of the large cell at its other side, so that integration refines these too.
  std::vector<std::int64_t> too_large(const Atlas& atlas) const;

 private:
  using Key = std::array<std::int64_t, 5>;  ///< chart, level, place in units of the side
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };

  const Cells& cells_;
  std::int64_t coordinates_;
  std::vector<std::int64_t> levels_;  ///< that there are, ascending
  std::unordered_map<Key, std::int64_t, Hash> rows_;
};

}  // namespace ebm
