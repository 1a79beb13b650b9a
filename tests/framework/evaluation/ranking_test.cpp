#include "dualebm/framework/evaluation/ranking.hpp"

#include <cmath>
#include <limits>
#include <random>

#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

TEST(Ranking, AreaAndPrecisionByHand) {
  // Positives 4, 2, 2; negatives 3, 2, 1. Pairs won: 3 + (1 + ½) twice of 9.
  const std::vector<double> scores = {4, 2, 2, 3, 2, 1};
  const std::vector<bool> positive = {true, true, true, false, false, false};
  EXPECT_DOUBLE_EQ(area_under_curve(scores, positive).value, 6.0 / 9);
  // Thresholds 4, 3, 2, 1: recall 1/3 at precision 1; 1/3; then all at 3/5.
  EXPECT_DOUBLE_EQ(average_precision(scores, positive).value, 1.0 / 3 + 2.0 / 3 * 3 / 5);
}

// DeLong's variance is the exact one of the U statistic's projection; here against the sums written out.
TEST(Ranking, DeLongByHand) {
  const std::vector<double> scores = {0.9, 0.8, 0.4, 0.7, 0.3, 0.2, 0.1};
  const std::vector<bool> positive = {true, true, true, false, false, false, false};
  // Places of the positives: 1, 1, 3/4; of the negatives: 2/3, 1, 1, 1. Their variances: 1/48 and 1/36.
  const double area = 11.0 / 12, error = std::sqrt(1.0 / 48 / 3 + 1.0 / 36 / 4);
  const auto found = area_under_curve(scores, positive);
  EXPECT_NEAR(found.value, area, 1e-15);
  const double spread = 1.959963984540054 * error / (area * (1 - area)), logit = std::log(11.0);
  EXPECT_NEAR(found.low, 1 / (1 + std::exp(spread - logit)), 1e-12);
  EXPECT_NEAR(found.high, 1 / (1 + std::exp(-spread - logit)), 1e-12);
}

TEST(Ranking, InOrderAndTheOtherWayAbout) {
  const std::vector<double> scores = {1, 2, 3, 4, 5, 6, 7};
  const std::vector<bool> up = {false, false, false, true, true, true, true};
  EXPECT_EQ(area_under_curve(scores, up).value, 1);
  EXPECT_EQ(area_under_curve(scores, up).low, 0) << "three rows of a kind tell nothing, by the rule of three";
  EXPECT_EQ(area_under_curve({7, 6, 5, 4, 3, 2, 1}, up).value, 0);
  EXPECT_EQ(average_precision(scores, up).value, 1);
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(area_under_curve({0, inf, inf}, {false, true, true}).value, 1)
      << "what is infinitely far is the farthest";
  expect_contains(user_error([] { area_under_curve({1, 2}, {true, true}); }), "rows of both kinds");
  expect_contains(user_error([] { area_under_curve({1, 2}, {true}); }), "2 scores and 1 labels");
}

// The intervals hold the truth as often as they say: Φ(1/√2) for normals a deviation apart.
TEST(Ranking, TheIntervalHoldsTheTruth) {
  const double truth = 0.5 * std::erfc(-0.5);
  int held = 0;
  for (int run = 0; run < 400; ++run) {
    std::mt19937_64 generator(static_cast<std::uint64_t>(run));
    std::normal_distribution<double> normal;
    std::vector<double> scores;
    std::vector<bool> positive;
    for (int i = 0; i < 120; ++i) {
      positive.push_back(i < 30);
      scores.push_back(normal(generator) + (i < 30 ? 1 : 0));
    }
    const auto found = area_under_curve(scores, positive);
    held += found.low <= truth && truth <= found.high;
  }
  EXPECT_NEAR(held / 400.0, 0.95, 3.5 * std::sqrt(0.95 * 0.05 / 400));
}

TEST(Ranking, PercentilesCountHalfOfTheEqualOnes) {
  const std::vector<double> sorted = {1, 2, 2, 3};
  EXPECT_EQ(percentile(sorted, 0), 0);
  EXPECT_EQ(percentile(sorted, 2), 50);
  EXPECT_EQ(percentile(sorted, 2.5), 75);
  EXPECT_EQ(percentile(sorted, 9), 100);
}

}  // namespace
}  // namespace ebm::testing
