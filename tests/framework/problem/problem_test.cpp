#include "dualebm/framework/problem/problem.hpp"

#include <gtest/gtest.h>

#include "dualebm/framework/problem/box.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

Dataset with_train(const torch::Tensor& train) {
  Dataset data;
  data.train = train;
  return data;
}

// Points at half the radius are what one gets from a file of directions that nobody has normalised.
TEST(Problem, ARowThatIsNoPointOfTheDomainIsNamed) {
  auto points = torch::eye(3, torch::kDouble);
  EXPECT_NO_THROW(Problem(std::make_shared<Sphere>(3), with_train(points)));
  points[1] *= 0.5;
  const auto message = user_error([&] { Problem(std::make_shared<Sphere>(3), with_train(points)); });
  expect_contains(message, "row 1 of the training points is no point of the domain sphere");
}

TEST(Problem, EveryPartIsLookedAt) {
  auto data = with_train(torch::eye(3, torch::kDouble));
  data.test = 2 * torch::eye(3, torch::kDouble);
  expect_contains(user_error([&] { Problem(std::make_shared<Sphere>(3), data); }),
                  "row 0 of the test points");
}

TEST(Problem, ANumberBeyondAWallIsNamedWithItsRange) {
  const auto box = std::make_shared<Box>(std::vector<double>{0}, std::vector<double>{1});
  const auto inside = torch::tensor({{0.2}, {0.9}}, torch::kDouble);
  EXPECT_NO_THROW(Problem(box, with_train(inside)));
  expect_contains(user_error([&] { Problem(box, with_train(inside + 0.3)); }),
                  "coordinate 0 of row 1 of the training points is 1.2, and the domain box allows [0, 1]");
}

}  // namespace
}  // namespace ebm::testing
