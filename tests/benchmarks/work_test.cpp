#include "tests/benchmarks/work.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace ebm::benchmarks {
namespace {

/// A number that counts the additions and products that it goes through.
struct Counted {
  double value = 0;
  static inline std::int64_t flops = 0;
  friend Counted operator*(Counted a, Counted b) { return ++flops, Counted{a.value * b.value}; }
  Counted& operator+=(Counted other) { return ++flops, value += other.value, *this; }
};

using Rows = std::vector<std::vector<Counted>>;

Rows rows(std::int64_t count, std::int64_t dimension) {
  return Rows(static_cast<std::size_t>(count), std::vector<Counted>(static_cast<std::size_t>(dimension)));
}

Counted product(const std::vector<Counted>& a, const std::vector<Counted>& b) {
  Counted sum;
  for (std::size_t k = 0; k < a.size(); ++k) sum += a[k] * b[k];
  return sum;
}

/// sum += c v
void add(std::vector<Counted>& sum, Counted c, const std::vector<Counted>& v) {
  for (std::size_t k = 0; k < v.size(); ++k) sum[k] += c * v[k];
}

constexpr Pass pass{.points = 7, .dimension = 3, .weights = 5 * 3};

// Loops as the formulas stand, over a number that counts: a count that forgets the way back is half of it.
TEST(Work, CountsWhatTheLoopsDo) {
  const auto x = rows(7, 3), z = rows(5, 3);
  Counted::flops = 0;
  for (const auto& point : x) {
    for (const auto& neuron : z) product(point, neuron);
  }
  EXPECT_EQ(pass.energy().flops, Counted::flops);

  auto gradient = rows(7, 3), sums = rows(5, 3);
  Counted::flops = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (const auto& neuron : z) add(gradient[i], product(x[i], neuron), neuron);
  }
  EXPECT_EQ(pass.gradient().flops, Counted::flops);
  EXPECT_EQ(pass.langevin().flops, Counted::flops);

  Counted::flops = 0;
  for (std::size_t j = 0; j < z.size(); ++j) {
    for (const auto& point : x) add(sums[j], product(point, z[j]), point);
  }
  EXPECT_EQ(pass.accumulate().flops, Counted::flops);
}

TEST(Work, CountsEachArrayOnce) {
  EXPECT_EQ(pass.gradient().bytes, 4 * (7 * 3 + 7 * 3));
  EXPECT_EQ(pass.accumulate().bytes, 4 * (7 * 3 + 7));
  EXPECT_EQ(pass.normals().bytes, 4 * 7 * 3);
  EXPECT_EQ((Pass{.points = 7, .dimension = 3, .in_double = true}.normals().bytes), 8 * 7 * 3);
}

// A machine of 10 flops/s in float, 5 in double and 2 bytes/s, so that every time is plain to see.
TEST(Work, TheSlowerOfArithmeticAndMemoryIsTheRoof) {
  constexpr Machine machine{.float_peak = 10, .double_peak = 5, .bandwidth = 2};
  constexpr Work dense{.flops = 100, .bytes = 2};
  EXPECT_DOUBLE_EQ(dense.least_seconds(machine, 1), 10);
  EXPECT_DOUBLE_EQ(dense.least_seconds(machine, 2), 5);
  EXPECT_FALSE(dense.memory_bound(machine, 1));
  constexpr Work dense_in_double{.flops = 100, .bytes = 2, .in_double = true};
  EXPECT_DOUBLE_EQ(dense_in_double.least_seconds(machine, 1), 20);
  constexpr Work sparse{.flops = 1, .bytes = 60};
  EXPECT_DOUBLE_EQ(sparse.least_seconds(machine, 1), 30);
  EXPECT_DOUBLE_EQ(sparse.least_seconds(machine, 2), 30) << "more threads do not widen the memory";
  EXPECT_TRUE(sparse.memory_bound(machine, 1));
}

}  // namespace
}  // namespace ebm::benchmarks
