#pragma once

#include "dualebm/framework/compute/columns.hpp"
#include "dualebm/models/ridge/cpu_kernels.hpp"

namespace ebm::ridge {

/// Directions of which a tile holds the pre-activations at a time.
constexpr std::int64_t block_of_directions = 64;

/// What a kernel works on at a time: `width` groups of points as columns, and their sums. Vector k * width +
/// q holds coordinate k of the points of group q.
template <class V>
struct Tile {
  typename V::Vector* points;  ///< [dimension, width]
  typename V::Vector* sums;    ///< Σ_j c_j σ'(<a_i, b_j>) b_j, [dimension, width]
  typename V::Vector*
      pre_activations;         ///< <a_i, b_j> for a block of directions, [block_of_directions, width]
  typename V::Vector* values;  ///< Σ_j c_j σ(<a_i, b_j>), [width]
};

/// The tile in memory for (2 dimension + block_of_directions + 1) width vectors.
template <class V>
EBM_INLINE Tile<V> tile_in(typename V::Vector* memory, std::int64_t dimension, int width) {
  Tile<V> tile{.points = memory, .sums = memory + dimension * width};
  tile.pre_activations = tile.sums + dimension * width;
  tile.values = tile.pre_activations + block_of_directions * width;
  return tile;
}

}  // namespace ebm::ridge
