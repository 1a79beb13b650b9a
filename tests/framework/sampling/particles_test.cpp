#include "dualebm/framework/sampling/particles.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

torch::Tensor rows_marked(double mark, std::int64_t count) {
  return (torch::arange(2 * count, torch::kDouble) + mark).reshape({count, 2});
}

// Antithetic noise pairs row i with row N/2 + i: the second copy must follow the first, not interleave.
TEST(Particles, CopiesFollowOneAnother) {
  const auto data = rows_marked(0, 3);
  EXPECT_TRUE(torch::equal(copies_of(data, 2), torch::cat({data, data})));
}

TEST(Particles, CopiesAreNotTheData) {
  const auto data = rows_marked(0, 3);
  copies_of(data, 1).zero_();
  EXPECT_TRUE(torch::equal(data, rows_marked(0, 3)));
}

TEST(RestartEvery, MovesAllParticlesAtExactlyTheMultiples) {
  const auto data = rows_marked(0, 3), particles = rows_marked(100, 6);
  Random random(1, "restart");
  for (std::int64_t iteration = 1; iteration <= 12; ++iteration) {
    const auto after = restarted(particles, data, {.every = 4}, iteration, random);
    EXPECT_TRUE(torch::equal(after, iteration % 4 == 0 ? copies_of(data, 2) : particles)) << iteration;
  }
  EXPECT_TRUE(torch::equal(particles, rows_marked(100, 6)));
}

// Three particles over two whole copies: each row twice, three rows, not always the same, once more.
TEST(Particles, PointsAreWholeCopiesAndThenDistinctRows) {
  const auto data = rows_marked(0, 5);
  Random random(3, "start");
  auto more = torch::zeros({5}, torch::kLong);
  for (int i = 0; i < 200; ++i) {
    const auto points = points_of(data, 13, random, torch::kDouble);
    ASSERT_TRUE(torch::equal(points.narrow(0, 0, 10), copies_of(data, 2)));
    const auto row = (points.narrow(0, 10, 3).select(1, 0) / 2).to(torch::kLong);
    const auto count = torch::bincount(row, {}, 5);
    ASSERT_EQ(count.max().item<std::int64_t>(), 1);
    more += count;
  }
  EXPECT_LT((more - 120).abs().max().item<double>(), 4 * std::sqrt(200 * 0.6 * 0.4));
}

TEST(Particles, PointsOfWholeCopiesDrawNothing) {
  Random random(3, "start");
  const auto before = random.state();
  EXPECT_TRUE(torch::equal(points_of(rows_marked(0, 5), 10, random, torch::kDouble),
                           copies_of(rows_marked(0, 5), 2)));
  EXPECT_TRUE(torch::equal(before, random.state()));
}

TEST(Particles, PointsOfBytesAreNumbers) {
  const auto data = torch::arange(10, torch::kByte).reshape({5, 2});
  Random random(3, "start");
  EXPECT_TRUE(torch::equal(points_of(data, 5, random, torch::kFloat), data.to(torch::kFloat)));
  const auto particles = torch::full({4, 2}, 100.0F);
  for (const RestartRule& rule : {RestartRule{.every = 1}, RestartRule{.probability = 1}}) {
    const auto after = restarted(particles, data, rule, 1, random);
    EXPECT_EQ(after.scalar_type(), torch::kFloat);
    EXPECT_LT(after.max().item<double>(), 10);
  }
}

// The first rows alone, restart after restart, would leave out the rest of the data.
TEST(RestartEvery, FewerParticlesThanDataRestartAtRowsDrawnAtRandom) {
  const auto data = rows_marked(0, 100);
  Random random(3, "start");
  const auto one = restarted(rows_marked(1000, 6), data, {.every = 1}, 1, random);
  const auto other = restarted(rows_marked(1000, 6), data, {.every = 1}, 1, random);
  EXPECT_LT(one.max().item<double>(), 200);
  EXPECT_FALSE(torch::equal(one, other));
}

TEST(RestartEvery, DrawsNoRandomNumbers) {
  Random random(1, "restart");
  const auto before = random.state();
  restarted(rows_marked(100, 6), rows_marked(0, 3), {.every = 1}, 1, random);
  EXPECT_TRUE(torch::equal(before, random.state()));
}

// Rows of the data hold numbers below 1000, rows of the particles above: each row says where it is from.
TEST(RestartProbability, RestartsABinomialFractionAtUniformDataRows) {
  constexpr std::int64_t count = 20000;
  constexpr double p = 0.3;
  const auto data = rows_marked(0, 5), particles = rows_marked(1000, count), untouched = particles.clone();
  Random random(2, "restart");
  const auto after = restarted(particles, data, {.probability = p}, 1, random);
  const auto moved = (after != particles).any(1);
  const double fraction = moved.to(torch::kDouble).mean().item<double>();
  EXPECT_NEAR(fraction, p, 4 * std::sqrt(p * (1 - p) / count));
  EXPECT_TRUE(torch::equal(after.index({~moved}), particles.index({~moved})));
  EXPECT_TRUE(torch::equal(particles, untouched));

  const auto restarts = after.index({moved});
  const auto row = (restarts.select(1, 0) / 2).to(torch::kLong);
  ASSERT_LT(row.max().item<std::int64_t>(), 5);
  EXPECT_TRUE(torch::equal(restarts, data.index_select(0, row)));
  const double expected = static_cast<double>(row.size(0)) / 5;
  EXPECT_LT((torch::bincount(row, {}, 5) - expected).abs().max().item<double>(),
            4 * std::sqrt(expected * 0.8));
}

TEST(RestartProbability, OfOneMovesEveryParticle) {
  Random random(2, "restart");
  const auto after = restarted(rows_marked(1000, 500), rows_marked(0, 5), {.probability = 1}, 1, random);
  EXPECT_LT(after.max().item<double>(), 1000);
}

TEST(RestartRule, NeitherRuleLeavesTheParticles) {
  Random random(2, "restart");
  const auto particles = rows_marked(1000, 6);
  EXPECT_TRUE(restarted(particles, rows_marked(0, 3), {}, 60, random).is_same(particles));
}

TEST(RestartRule, Rate) {
  EXPECT_EQ(RestartRule{.every = 60}.rate(), 1.0 / 60);
  EXPECT_EQ(RestartRule{.probability = 0.25}.rate(), 0.25);
  EXPECT_EQ(RestartRule{}.rate(), 0);
}

}  // namespace
}  // namespace ebm::testing
