#include "dualebm/models/ridge/cpu_kernels.hpp"

#include "dualebm/models/ridge/cpu_blocked.hpp"
#include "dualebm/models/ridge/cpu_in_registers.hpp"

namespace ebm::ridge {
namespace {

/// Tiles are as large as the registers hold: height times width sums, a row of vectors and a number.
struct RidgeSums {
  template <int bytes, class Real>
  static EBM_INLINE void run(const Sums<Real>& task, const Real* points, std::int64_t rows, Real* vectors,
                             Real* values) {
    using V = Vectors<Real, bytes>;
    using Vector = typename V::Vector;
    constexpr int registers = bytes == 64 ? 32 : 16;
    constexpr int height = registers == 32 ? 6 : 4, widest = registers == 32 ? 4 : 3;
    const auto d = task.dimension, given = task.lifted ? d - 1 : d;
    const bool homogeneous = task.activation != ActivationKind::softplus;
    const bool in_registers = homogeneous && fits_registers<registers>(d);
    // By Euler's relation k σ(u) = u σ'(u) the values follow from the vectors, k = 1 or 2.
    const bool by_euler = homogeneous && vectors;
    const Real degree = task.activation == ActivationKind::relu ? 1 : 2;
    const AlignedMemory<V> memory((2 * d + block_of_directions + 1) * widest, stage_size<V>(d));
    const auto tile = tile_in<V>(memory.vectors(), d, widest);

    const auto tile_at = [&]<int width>(std::int64_t first) __attribute__((always_inline)) {
      for (int q = 0; q < width; ++q) {
        load_group<V>(points, first + q * V::lanes, rows, given, tile.points + q, width, memory.numbers());
        if (task.lifted) tile.points[given * width + q] = V::broadcast(1);
        tile.values[q] = Vector{};
      }
      for (std::int64_t k = 0; k < d * width; ++k) tile.sums[k] = Vector{};
      if (width > 1 || !in_registers) {
        blocked_sums<V, height, width>(task, vectors != nullptr, values != nullptr && !by_euler, tile);
      } else {
        vectors ? small_sums_of<V, registers, true>(task, tile)
                : small_sums_of<V, registers, false>(task, tile);
      }
      for (int q = 0; q < width; ++q) {
        const auto begin = first + q * V::lanes;
        if (vectors) store_group<V>(tile.sums + q, width, begin, rows, given, vectors, memory.numbers());
        if (!values) continue;
        if (by_euler) {
          for (std::int64_t k = 0; k < d; ++k)
            tile.values[q] += tile.points[k * width + q] * tile.sums[k * width + q];
          tile.values[q] /= degree;
        }
        std::copy_n(reinterpret_cast<const Real*>(tile.values + q),
                    std::min<std::int64_t>(V::lanes, rows - begin), values + begin);
      }
    };

    std::int64_t begin = 0;
    if (!in_registers) {
      for (; begin + (widest - 1) * V::lanes < rows; begin += widest * V::lanes)
        tile_at.template operator()<widest>(begin);
    }
    for (; begin < rows; begin += V::lanes) tile_at.template operator()<1>(begin);
  }
};

}  // namespace

template <class Real>
void Sums<Real>::operator()(const Real* points, std::int64_t rows, Real* vectors, Real* values) const {
  run_kernel<RidgeSums>(*this, points, rows, vectors, values);
}

template struct Sums<float>;
template struct Sums<double>;

}  // namespace ebm::ridge
