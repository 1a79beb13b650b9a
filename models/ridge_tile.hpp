#pragma once

#include <cstdlib>
#include <memory>

#include "framework/vector.hpp"
#include "models/ridge_kernels.hpp"

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

/// The memory of one tile, uninitialised, and of the stage that its last rows go through.
template <class V>
class TileMemory {
 public:
  TileMemory(std::int64_t dimension, int width, std::int64_t stage_size) {
    const auto vectors = (2 * dimension + block_of_directions + 1) * width;
    const auto bytes = vectors * sizeof(typename V::Vector) + stage_size * sizeof(typename V::Real);
    memory_.reset(static_cast<typename V::Vector*>(std::aligned_alloc(64, (bytes + 63) / 64 * 64)));
    tile_.points = memory_.get();
    tile_.sums = tile_.points + dimension * width;
    tile_.pre_activations = tile_.sums + dimension * width;
    tile_.values = tile_.pre_activations + block_of_directions * width;
    stage_ = reinterpret_cast<typename V::Real*>(memory_.get() + vectors);
  }
  const Tile<V>& tile() const { return tile_; }
  typename V::Real* stage() const { return stage_; }

 private:
  struct Free {
    void operator()(typename V::Vector* memory) const { std::free(memory); }
  };
  std::unique_ptr<typename V::Vector, Free> memory_;
  Tile<V> tile_;
  typename V::Real* stage_;
};

}  // namespace ebm::ridge
