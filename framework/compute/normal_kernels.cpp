// Compiled with -ffp-contract=off: a fused multiplication and addition rounds once where others round twice.
#include "dualebm/framework/compute/normal_kernels.hpp"

#include <algorithm>
#include <bit>

#include "dualebm/framework/compute/box_muller.hpp"
#include "dualebm/framework/compute/philox.hpp"

namespace ebm {
namespace {

using vectors::Vector;

constexpr std::int64_t row = 16;  // counters of a group

static_assert(std::endian::native == std::endian::little, "words of 32 bits would change places");

/// Philox of the counters first, first + 2^log2_stride, ... of a draw.
template <int bytes>
EBM_INLINE void philox_at(std::uint64_t key, std::uint64_t draw, std::uint64_t first, int log2_stride,
                          Vector<std::uint64_t, bytes> words[4]) {
  constexpr std::uint64_t numbers[8] = {0, 1, 2, 3, 4, 5, 6, 7};
  const auto lane = vectors::load<Vector<std::uint64_t, bytes>>(numbers);
  // The lanes of a group fill up the last four bits: nothing is carried into the second word.
  philox((lane << log2_stride) + first, first >> 32, draw, draw >> 32, key, words);
}

/// The words of as many counters as there are floats in a vector: row w of the group gets words w.
template <int bytes>
EBM_INLINE void store_words(std::uint64_t key, std::uint64_t draw, std::uint64_t first, float* out) {
  // Even counters and odd ones: their words become neighbours of 32 bits.
  Vector<std::uint64_t, bytes> even[4], odd[4];
  philox_at<bytes>(key, draw, first, 1, even);
  philox_at<bytes>(key, draw, first + 1, 1, odd);
  for (int word = 0; word < 4; ++word) {
    vectors::store((even[word] & 0xffffffffU) | (odd[word] << 32), out + row * word);
  }
}

/// The same of doubles, whose rows hold words 0 and 1, and words 2 and 3.
template <int bytes>
EBM_INLINE void store_words(std::uint64_t key, std::uint64_t draw, std::uint64_t first, double* out) {
  Vector<std::uint64_t, bytes> words[4];
  philox_at<bytes>(key, draw, first, 0, words);
  vectors::store((words[0] << 32) | (words[1] & 0xffffffffU), out);
  vectors::store((words[2] << 32) | (words[3] & 0xffffffffU), out + row);
}

/// In three passes over a part that stays in the first cache: one pass would be one long chain of operations
/// that wait for one another, of which a processor cannot hold the next.
struct FillGroups {
  template <int bytes, class Real>
  static EBM_INLINE void run(std::uint64_t key, std::uint64_t draw, std::uint64_t group, std::int64_t groups,
                             Real* out) {
    using Bits = Vector<vectors::Unsigned<Real>, bytes>;
    using Reals = Vector<Real, bytes>;
    constexpr std::int64_t lanes = vectors::lanes<Real, bytes>, part = 4096 / sizeof(Real) / group_size<Real>;
    for (; groups > 0; groups -= part, group += part, out += part * group_size<Real>) {
      const auto here = std::min(part, groups), numbers = here * group_size<Real>;
      for (std::int64_t counter = 0; counter < row * here; counter += lanes) {
        store_words<bytes>(key, draw, row * group + static_cast<std::uint64_t>(counter),
                           out + counter / row * group_size<Real> + counter % row);
      }
      for (std::int64_t i = 0; i < numbers; i += 2 * row) {
        for (std::int64_t lane = 0; lane < row; lane += lanes) {
          Real* const place = out + i + lane;
          vectors::store(vectors::radius<Real, bytes>(vectors::load<Bits>(place)), place);
        }
      }
      for (std::int64_t i = 0; i < numbers; i += 2 * row) {
        for (std::int64_t lane = 0; lane < row; lane += lanes) {
          Real* const place = out + i + lane;
          Reals first, second;
          vectors::direction<Real, bytes>(vectors::load<Bits>(place + row), first, second);
          const auto radius = vectors::load<Reals>(place);
          vectors::store(radius * first, place);
          vectors::store(radius * second, place + row);
        }
      }
    }
  }
};

}  // namespace

template <class Real>
void fill_groups(std::uint64_t key, std::uint64_t draw, std::uint64_t group, std::int64_t groups, Real* out) {
  run_kernel<FillGroups>(key, draw, group, groups, out);
}

template void fill_groups(std::uint64_t, std::uint64_t, std::uint64_t, std::int64_t, float*);
template void fill_groups(std::uint64_t, std::uint64_t, std::uint64_t, std::int64_t, double*);

}  // namespace ebm
