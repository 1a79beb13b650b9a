// Compiled with -O3: 10^9 numbers and more than a hundred statistics of each.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <numbers>
#include <vector>

#include "dualebm/framework/compute/normals.hpp"
#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/compute/vector.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::int64_t chunks = 64;
#else
constexpr std::int64_t chunks = 1024;
#endif
constexpr std::int64_t chunk = 1 << 16, block = 1 << 12, draws = 8;
constexpr int lags[] = {1, 2, 16, 32, 64};
constexpr int bins = 100;

/// Sums of terms that are of mean zero and of this variance if the numbers are independent standard normals.
struct Term {
  const char* name;
  double variance;
};
constexpr Term terms[] = {{"x", 1},
                          {"x^2 - 1", 2},
                          {"x^3", 15},
                          {"x^4 - 3", 96},
                          {"x^6 - 15", 10170},
                          {"lag 1", 1},
                          {"lag 2", 1},
                          {"lag 16", 1},
                          {"lag 32", 1},
                          {"lag 64", 1},
                          {"halves of a pair", 1},
                          {"their squares", 4},
                          {"draws n and n + 1", 1},
                          {"their squares", 4},
                          {"keys that differ in one bit", 1},
                          {"their squares", 4}};
constexpr int moments = 0, lagged = 5, of_pairs = 10, of_draws = 12, of_keys = 14;

struct Statistics {
  struct {
    double total = 0;
    std::int64_t terms = 0;
  } sums[std::size(terms)];
  std::int64_t beyond[6]{};    // |x| > 1 ... 6
  std::int64_t far_pairs = 0;  // radius > 6
  std::int64_t below[bins - 1]{};

  void add(const Statistics& other) {
    for (std::size_t i = 0; i < std::size(terms); ++i) {
      sums[i].total += other.sums[i].total;
      sums[i].terms += other.sums[i].terms;
    }
    for (int i = 0; i < 6; ++i) beyond[i] += other.beyond[i];
    for (int i = 0; i < bins - 1; ++i) below[i] += other.below[i];
    far_pairs += other.far_pairs;
  }
};

using Row = vectors::Vector<float, 64>;
using Counts = vectors::Vector<std::int32_t, 64>;

EBM_INLINE void add(const Row& row, int term, std::int64_t count, Statistics& statistics) {
  for (int i = 0; i < 16; ++i) statistics.sums[term].total += static_cast<double>(row[i]);
  statistics.sums[term].terms += count;
}

EBM_INLINE void add(const Counts& row, std::int64_t& count) {
  for (int i = 0; i < 16; ++i) count += row[i];
}

/// Sums in float over a block, 256 terms a lane, and in double beyond it: rounding stays far below the noise.
EBM_INLINE void moments_and_lags(const float* x, Statistics& statistics) {
  Row powers[5] = {}, products[5] = {};
  Counts beyond[6] = {};
  for (std::int64_t i = 0; i < block; i += 16) {
    const auto a = vectors::load<Row>(x + i);
    const Row square = a * a;
    powers[0] += a;
    powers[1] += square - 1;
    powers[2] += square * a;
    powers[3] += square * square - 3;
    powers[4] += square * square * square - 15;
    for (int k = 0; k < 5; ++k) products[k] += a * vectors::load<Row>(x + i + lags[k]);
    for (int k = 0; k < 6; ++k) beyond[k] -= square > static_cast<float>((k + 1) * (k + 1));
  }
  for (int k = 0; k < 5; ++k) add(powers[k], moments + k, block, statistics);
  for (int k = 0; k < 5; ++k) add(products[k], lagged + k, block, statistics);
  for (int k = 0; k < 6; ++k) add(beyond[k], statistics.beyond[k]);
}

/// Rows of 16 are one half of 16 pairs each.
EBM_INLINE void halves_of_pairs(const float* x, Statistics& statistics) {
  Row product{}, squares{};
  Counts far{};
  for (std::int64_t i = 0; i < block; i += 32) {
    const auto a = vectors::load<Row>(x + i), b = vectors::load<Row>(x + i + 16);
    product += a * b;
    squares += (a * a - 1) * (b * b - 1);
    far -= a * a + b * b > 36;
  }
  add(product, of_pairs, block / 2, statistics);
  add(squares, of_pairs + 1, block / 2, statistics);
  add(far, statistics.far_pairs);
}

EBM_INLINE void bins_of(const float* x, const float* quantiles, Statistics& statistics) {
  for (int bin = 0; bin < bins - 1; ++bin) {
    Counts below{};
    for (std::int64_t i = 0; i < block; i += 16) below -= vectors::load<Row>(x + i) < quantiles[bin];
    add(below, statistics.below[bin]);
  }
}

EBM_INLINE void one_block(const float* x, const float* quantiles, Statistics& statistics) {
  moments_and_lags(x, statistics);
  halves_of_pairs(x, statistics);
  bins_of(x, quantiles, statistics);
}

EBM_INLINE void products(const float* x, const float* y, int term, Statistics& statistics) {
  Row product{}, squares{};
  for (std::int64_t i = 0; i < block; i += 16) {
    const auto a = vectors::load<Row>(x + i), b = vectors::load<Row>(y + i);
    product += a * b;
    squares += (a * a - 1) * (b * b - 1);
  }
  add(product, term, block, statistics);
  add(squares, term + 1, block, statistics);
}

/// Draws of two keys that differ in one bit, another one for every draw, at the indices of one chunk.
EBM_INLINE void one_chunk(std::int64_t number, const float* quantiles, Statistics& statistics) {
  constexpr std::uint64_t key = 0x5eed;
  std::vector<float> previous(chunk + 64), x(chunk + 64), other(chunk + 64);
  for (std::int64_t draw = 0; draw < draws; ++draw) {
    const auto n = static_cast<std::uint64_t>(draw);
    std::swap(previous, x);
    Normals(key, n).fill(number * chunk, chunk + 64, x.data());
    Normals(key ^ (1ULL << (8 * n + 3)), n).fill(number * chunk, chunk + 64, other.data());
    for (std::int64_t i = 0; i < chunk; i += block) {
      one_block(x.data() + i, quantiles, statistics);
      one_block(other.data() + i, quantiles, statistics);
      products(x.data() + i, other.data() + i, of_keys, statistics);
      if (draw > 0) products(previous.data() + i, x.data() + i, of_draws, statistics);
    }
  }
}

void chunk_portable(std::int64_t number, const float* quantiles, Statistics& statistics) {
  one_chunk(number, quantiles, statistics);
}
EBM_AVX2 void chunk_avx2(std::int64_t number, const float* quantiles, Statistics& statistics) {
  one_chunk(number, quantiles, statistics);
}
EBM_AVX512 void chunk_avx512(std::int64_t number, const float* quantiles, Statistics& statistics) {
  one_chunk(number, quantiles, statistics);
}

/// P(X < x)
double distribution(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

std::vector<float> quantiles_of(int parts) {
  std::vector<float> result;
  for (int i = 1; i < parts; ++i) {
    double low = -10, high = 10;
    while (high - low > 1e-9) {
      const double middle = (low + high) / 2;
      (distribution(middle) < static_cast<double>(i) / parts ? low : high) = middle;
    }
    result.push_back(static_cast<float>(low));
  }
  return result;
}

/// By how many of its standard deviations a count of rare events, or of any, is off.
double score(std::int64_t found, double numbers, double probability) {
  const double expected = numbers * probability;
  return (static_cast<double>(found) - expected) / std::sqrt(expected * (1 - probability));
}

// 1.07e9 numbers. A sum, count or χ² that is normally distributed, or nearly, strays beyond 4.5 standard
// errors with probability 7e-6; there are 24 of them, and the seed is fixed. What this can see: a mean off
// by 1.4e-4, a variance by 2e-4, a correlation of 1.4e-4, a tail at 5 thinner or thicker by a sixth; a
// coordinate whose sign is lost, pairs that share a word, groups that come twice. Of radii beyond 6 a uniform
// of 24 bits has none, where 8 are expected and none is found once in 3000 times.
TEST(Normals, ABillionOfThemAreNormalAndUnrelated) {
  const auto quantiles = quantiles_of(bins);
  const auto one = instruction_set() == InstructionSet::avx512 ? chunk_avx512
                   : instruction_set() == InstructionSet::avx2 ? chunk_avx2
                                                               : chunk_portable;
  std::vector<Statistics> shards(static_cast<std::size_t>(shard_count(chunks, 1)));
  for_each_shard(
      chunks,
      [&](std::int64_t shard, std::int64_t begin, std::int64_t end) {
        for (auto number = begin; number < end; ++number) one(number, quantiles.data(), shards[shard]);
      },
      1);
  Statistics all;
  for (const auto& shard : shards) all.add(shard);

  const auto numbers = static_cast<double>(2 * draws * chunks * chunk);
  ASSERT_EQ(static_cast<double>(all.sums[moments].terms), numbers);
  for (std::size_t i = 0; i < std::size(terms); ++i) {
    const auto& [total, count] = all.sums[i];
    EXPECT_LT(std::abs(total) / std::sqrt(terms[i].variance * static_cast<double>(count)), 4.5)
        << terms[i].name;
  }
  for (int k = 1; k <= 6; ++k) {
    EXPECT_LT(std::abs(score(all.beyond[k - 1], numbers, 2 * distribution(-k))), 4.5) << "|x| > " << k;
  }
  const double far = std::exp(-18.0);
  EXPECT_LT(score(all.far_pairs, numbers / 2, far), 4.5) << "radius > 6";
  EXPECT_GE(all.far_pairs, numbers / 2 * far > 8 ? 1 : 0) << "radius > 6";

  double chi_square = 0;
  for (int bin = 0; bin < bins; ++bin) {
    const auto count =
        (bin < bins - 1 ? all.below[bin] : 2 * draws * chunks * chunk) - (bin > 0 ? all.below[bin - 1] : 0);
    const double high = bin < bins - 1 ? distribution(quantiles[bin]) : 1;
    const double expected = numbers * (high - (bin > 0 ? distribution(quantiles[bin - 1]) : 0));
    chi_square +=
        (static_cast<double>(count) - expected) * (static_cast<double>(count) - expected) / expected;
  }
  EXPECT_LT(std::abs(chi_square - (bins - 1)) / std::sqrt(2 * (bins - 1)), 4.5);
}

}  // namespace
}  // namespace ebm::testing
