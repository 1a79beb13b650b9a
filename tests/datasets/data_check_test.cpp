#include "dualebm/datasets/data_check.hpp"

#include <cmath>

#include "dualebm/framework/compute/random.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// Normal points [n, d] of a fixed seed.
torch::Tensor normal(std::int64_t rows, std::int64_t columns) {
  Random random(7, "data_check_test");
  return random.normal({rows, columns}, torch::kDouble);
}

std::vector<std::string> kinds(const std::vector<DataFinding>& findings) {
  std::vector<std::string> what;
  for (const auto& finding : findings) what.push_back(finding.what + ": " + finding.where);
  return what;
}

using Kinds = std::vector<std::string>;

TEST(DataCheck, GoodDataAreNotBlamed) {
  EXPECT_TRUE(check_data(normal(500, 4)).empty());
  EXPECT_TRUE(check_data(normal(500, 4).to(torch::kFloat)).empty());
  EXPECT_TRUE(check_data(1e8 * normal(500, 2)).empty());
  EXPECT_TRUE(check_data(1e-30 * normal(500, 2)).empty());
  EXPECT_TRUE(check_data(normal(3, 8)).empty());  // too few rows to speak of dependence
  EXPECT_TRUE(check_data(normal(1, 2)).empty());
}

TEST(DataCheck, NumbersThatAreNotFinite) {
  auto points = normal(20, 2);
  points[7][1] = NAN;
  points[9][0] = INFINITY;
  EXPECT_EQ(kinds(check_data(points, {"lat", "lon"})),
            Kinds{"2 numbers that are not finite: the first in row 7, column lon"});
}

TEST(DataCheck, ConstantColumns) {
  auto points = normal(100, 3);
  points.select(1, 1).fill_(0.1);
  EXPECT_EQ(kinds(check_data(points, {"a", "b", "c"})), Kinds{"constant columns: column b"});
}

TEST(DataCheck, ColumnsThatNumberTheRows) {
  auto points = normal(100, 2);
  points.select(1, 0).copy_(torch::arange(1, 101, torch::kDouble));
  EXPECT_EQ(kinds(check_data(points)), Kinds{"columns that number the rows: column x0"});
}

TEST(DataCheck, EqualAndDependentColumns) {
  auto points = normal(200, 5);
  points.select(1, 3).copy_(points.select(1, 1));
  points.select(1, 4).copy_(2 * points.select(1, 0) - 3 * points.select(1, 2) + 1);
  const auto found = kinds(check_data(points));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0], "equal columns: columns x3 = x1");
  expect_contains(found[1], "nearly dependent columns: column ");
}

// A share of 1e-6 of the variance is a direction of its own; one of 1e-10 is rounding.
TEST(DataCheck, DependenceHasABound) {
  auto points = normal(1000, 3);
  const auto sum = points.select(1, 0) + points.select(1, 1), noise = points.select(1, 2).clone();
  points.select(1, 2).copy_(sum + 2e-3 * noise);
  EXPECT_TRUE(check_data(points).empty());
  points.select(1, 2).copy_(sum + 1e-5 * noise);
  EXPECT_EQ(check_data(points).size(), 1U);
}

// Julian dates: an offset of 2.5e6 beside a spread of 0.05, where floats are 0.25 apart.
TEST(DataCheck, SpreadThatSinglePrecisionLoses) {
  auto points = normal(100, 2);
  points.select(1, 0).mul_(0.05).add_(2.5e6);
  EXPECT_EQ(kinds(check_data(points, {"date", "mag"})),
            Kinds{"spread lost in single precision: column date"});
  points.select(1, 0).sub_(2.5e6).mul_(1e4).add_(2.5e6);  // a spread of 500
  EXPECT_TRUE(check_data(points).empty());
}

TEST(DataCheck, RepeatedRows) {
  auto points = normal(50, 2);
  points[30].copy_(points[4]);
  points[41].copy_(points[4]);
  EXPECT_EQ(kinds(check_data(points)), Kinds{"2 of 50 rows repeat another: rows 4 and 30"});
}

TEST(DataCheck, LongListsAreCut) {
  const auto found = check_data(torch::ones({20, 30}, torch::kDouble));
  expect_contains(found[0].where, "columns x0, x1, x2, x3, x4, x5, x6, x7, ... (30 in all)");
}

}  // namespace
}  // namespace ebm::testing
