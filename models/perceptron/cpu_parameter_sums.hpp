#pragma once

#include "dualebm/models/cpu_product.hpp"
#include "dualebm/models/perceptron/network.hpp"

namespace ebm::perceptron {

/// Blocks of a product as large as the registers hold, by the size of a vector in bytes.
template <int bytes>
struct Blocks {
  static constexpr int rows =
      bytes == 64 ? 12 : 6;  ///< of a block two vectors wide; one vector wide: twice as many
  static constexpr int widest =
      bytes == 64 ? 4 : 3;                  ///< vectors of a block of parameters, which is four high
  static constexpr std::int64_t tile = 48;  ///< rows of a tile, a multiple of all of these
};

/// From a row of a tile to the next: an odd number of lines, so that a column of them is not all in the
/// same few places of a cache.
template <class Real>
constexpr std::int64_t row_stride(std::int64_t numbers) {
  constexpr auto line = Lines<Real>::width;
  return (padded<Real>(numbers) / line | 1) * line;
}

template <class V>
EBM_INLINE typename V::Vector* vectors_of(Lines<typename V::Real>& lines) {
  return reinterpret_cast<typename V::Vector*>(lines.data());
}

/// Vectors that hold so many numbers.
template <class V>
EBM_INLINE std::int64_t used(std::int64_t numbers) {
  return (numbers + V::lanes - 1) / V::lanes;
}

/// Adds Σ_i weight_i row_i, or Σ_i row_i, of rows of a tile.
template <class V>
EBM_INLINE void add_rows(const typename V::Vector* rows, std::int64_t numbers,
                         const typename V::Real* weights, std::int64_t count, Lines<typename V::Real>& sums) {
  static constexpr typename V::Real one = 1;
  const auto row = row_stride<typename V::Real>(numbers) / V::lanes, vectors = used<V>(numbers);
  auto* const out = vectors_of<V>(sums);
  const auto columns = [&]<int wide>(std::int64_t v) __attribute__((always_inline)) {
    product<V, 1, wide>(
        weights ? weights : &one, 0, weights ? 1 : 0, rows + v, row, 1,
        count, [&](int, int q, typename V::Vector sum) __attribute__((always_inline)) { out[v + q] += sum; });
  };
  std::int64_t v = 0;
  for (; v + 4 <= vectors; v += 4) columns.template operator()<4>(v);
  for (; v < vectors; ++v) columns.template operator()<1>(v);
}

/// Adds Σ_i input_i ⊗ g_i and Σ_i g_i over `count` rows, g = ∂E/∂u of a layer.
/// @param stride  from a row of the input to the next
template <class V>
EBM_INLINE void add_layer(const typename V::Real* input, std::int64_t stride,
                          const Layer<typename V::Real>& layer, const typename V::Vector* g,
                          std::int64_t count, typename ParameterSums<typename V::Real>::OfLayer& sums) {
  using Vector = typename V::Vector;
  constexpr int widest = Blocks<sizeof(Vector)>::widest;
  const auto row = padded<typename V::Real>(layer.out()) / V::lanes, vectors = used<V>(layer.out());
  const auto tile_row = row_stride<typename V::Real>(layer.out()) / V::lanes;
  auto* const out = vectors_of<V>(sums.weight);
  const auto columns = [&]<int wide>(std::int64_t v) __attribute__((always_inline)) {
    for_each_height<4>(
        layer.in(), [&]<int high>(std::int64_t k) __attribute__((always_inline)) {
          product<V, high, wide>(
              input + k, 1, stride, g + v, tile_row, 1,
              count, [&](int i, int q, Vector sum) __attribute__((always_inline)) {
                out[(k + i) * row + v + q] += sum;
              });
        });
  };
  std::int64_t v = 0;
  for (; v + widest <= vectors; v += widest) columns.template operator()<widest>(v);
  for (; v + 2 <= vectors; v += 2) columns.template operator()<2>(v);
  if (v < vectors) columns.template operator()<1>(v);
  add_rows<V>(g, layer.out(), nullptr, count, sums.bias);
}

}  // namespace ebm::perceptron
