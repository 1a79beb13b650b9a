#include "models/ridge_kernels.hpp"

#include "framework/instruction_set.hpp"
#include "models/ridge_blocked.hpp"
#include "models/ridge_small.hpp"

namespace ebm::ridge {
namespace {

/// The kernel for vectors of one size. Tiles are as large as the registers hold: height times width sums, a
/// row of vectors and a number.
template <class V, int registers>
EBM_INLINE void kernel(const Sums<typename V::Real>& task, const typename V::Real* points, std::int64_t rows,
                       typename V::Real* vectors, typename V::Real* values) {
  using Real = typename V::Real;
  using Vector = typename V::Vector;
  constexpr int height = registers == 32 ? 6 : 4, widest = registers == 32 ? 4 : 3;
  const auto d = task.dimension;
  const bool homogeneous = task.activation != ActivationKind::softplus;
  const bool in_registers = homogeneous && fits_registers<registers>(d);
  // By Euler's relation k σ(u) = u σ'(u) the values follow from the vectors, k = 1 or 2.
  const bool by_euler = homogeneous && vectors;
  const Real degree = task.activation == ActivationKind::relu ? 1 : 2;
  const AlignedMemory<V> memory((2 * d + block_of_directions + 1) * widest, stage_size<V>(d));
  const auto tile = tile_in<V>(memory.vectors(), d, widest);

  const auto tile_at = [&]<int width>(std::int64_t first) __attribute__((always_inline)) {
    for (int q = 0; q < width; ++q) {
      load_group<V>(points, first + q * V::lanes, rows, d, tile.points + q, width, memory.numbers());
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
      if (vectors) store_group<V>(tile.sums + q, width, begin, rows, d, vectors, memory.numbers());
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

// The entries: one source, compiled for each instruction set.
template <class Real>
void portable(const Sums<Real>& task, const Real* points, std::int64_t rows, Real* vectors, Real* values) {
  kernel<Vectors<Real, 16>, 16>(task, points, rows, vectors, values);
}

template <class Real>
EBM_AVX2 void avx2(const Sums<Real>& task, const Real* points, std::int64_t rows, Real* vectors,
                   Real* values) {
  kernel<Vectors<Real, 32>, 16>(task, points, rows, vectors, values);
}

template <class Real>
EBM_AVX512 void avx512(const Sums<Real>& task, const Real* points, std::int64_t rows, Real* vectors,
                       Real* values) {
  kernel<Vectors<Real, 64>, 32>(task, points, rows, vectors, values);
}

}  // namespace

template <class Real>
void Sums<Real>::operator()(const Real* points, std::int64_t rows, Real* vectors, Real* values) const {
  switch (instruction_set()) {
    case InstructionSet::portable:
      return portable(*this, points, rows, vectors, values);
    case InstructionSet::avx2:
      return avx2(*this, points, rows, vectors, values);
    case InstructionSet::avx512:
      return avx512(*this, points, rows, vectors, values);
  }
}

template struct Sums<float>;
template struct Sums<double>;

}  // namespace ebm::ridge
