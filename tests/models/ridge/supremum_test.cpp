#include "dualebm/models/ridge/supremum.hpp"

#include <ATen/ATen.h>

#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/compute/random.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

using ridge::Side;

/// A signed measure of mass zero on the sphere: half of its points gathered in a cap.
struct Measure {
  torch::Tensor points, weights;
};

Measure some_measure(std::int64_t k, std::int64_t count, std::uint64_t seed) {
  Random random(seed, "supremum_test");
  auto points = random.normal({count, k}, torch::kDouble);
  points.narrow(0, 0, count / 2).select(1, 0).add_(1.5);
  points = points / points.norm(2, 1, true);
  const auto half = count / 2;
  const auto each = torch::full({half}, 1.0 / static_cast<double>(half), torch::kDouble);
  return {points, torch::cat({each, -each})};
}

torch::Tensor seen(const torch::Tensor& h, Side side) {
  return side == Side::above ? h : side == Side::below ? -h : h.abs();
}

/// The largest of the objective over many directions: a lower bound that no search should miss by much.
double over_directions(const Measure& measure, const Activation& activation, Side side, std::int64_t count) {
  Random random(3, "directions");
  double largest = -1e300;
  for (int part = 0; part < 10; ++part) {
    auto z = random.normal({count / 10, measure.points.size(1)}, torch::kDouble);
    z = z / z.norm(2, 1, true);
    const auto h = activation.value(z.mm(measure.points.t())).mv(measure.weights);
    largest = std::max(largest, seen(h, side).max().item<double>());
  }
  return largest;
}

// A bound that forgets the remainder, or a radius too small, is passed by some direction; a search that ends
// in a local maximum stays below one.
TEST(Supremum, IsBetweenItsBoundsOnEverySideAndActivation) {
  for (const std::int64_t k : {2, 3, 4}) {
    for (const auto& name : Activation::names()) {
      for (const auto side : {Side::above, Side::below, Side::both}) {
        const auto measure = some_measure(k, 60, static_cast<std::uint64_t>(k));
        const Activation activation(name);
        const double tolerance = k == 4 ? 1e-2 : 1e-6;
        const auto found = ridge::supremum(measure.points, measure.weights, activation, side, tolerance);
        const double directions = over_directions(measure, activation, side, 200000);
        EXPECT_TRUE(found.proven);
        EXPECT_GE(found.upper, directions - 1e-12) << name << " k = " << k;
        EXPECT_GE(found.lower, directions - 1e-9) << name << " k = " << k;
        EXPECT_LE(found.upper - found.lower, tolerance) << name << " k = " << k;
        const auto there = activation.value(measure.points.mv(found.neuron)).dot(measure.weights);
        EXPECT_NEAR(seen(there, side).item<double>(), found.lower, 1e-12);
        EXPECT_NEAR(found.neuron.norm().item<double>(), 1, 1e-12);
      }
    }
  }
}

// One point of weight one, minus nothing: h(z) = max(<x, z>, 0) has its supremum 1 at x.
TEST(Supremum, OfOnePointIsThere) {
  const auto x = torch::tensor({{0.6, 0.0, -0.8}}, torch::kDouble);
  const auto found =
      ridge::supremum(x, torch::ones({1}, torch::kDouble), Activation("relu"), Side::above, 1e-9);
  EXPECT_NEAR(found.upper, 1, 2e-9);
  EXPECT_LT(distance(found.neuron, x[0]), 1e-3);
  const auto below =
      ridge::supremum(x, torch::ones({1}, torch::kDouble), Activation("relu"), Side::below, 1e-9);
  // Nothing is above 0, on half the sphere it is attained, and the kink around that half is long.
  EXPECT_EQ(below.lower, 0);
  EXPECT_LT(below.upper, 1e-3);
}

// Where the search must end early the bound is wider, and still one: 200 000 points leave it 500 cells.
TEST(Supremum, EndsInTimeWithABound) {
  const auto measure = some_measure(3, 200000, 5);
  const auto found = ridge::supremum(measure.points, measure.weights, Activation("relu"), Side::above, 0);
  EXPECT_GE(found.upper, found.lower);
  EXPECT_LT(found.upper - found.lower, 1e-2);
}

TEST(Supremum, InManyDimensionsIsNoWorseThanManyDirections) {
  const auto measure = some_measure(8, 500, 2);
  const auto found = ridge::supremum(measure.points, measure.weights, Activation("relu"), Side::both, 1e-6);
  EXPECT_FALSE(found.proven);
  EXPECT_EQ(found.lower, found.upper);
  EXPECT_GT(found.lower, over_directions(measure, Activation("relu"), Side::both, 100000));
}

TEST(Supremum, IsTheSameForEveryNumberOfThreads) {
  const auto measure = some_measure(3, 300, 1);
  std::optional<ridge::Supremum> first;
  with_each_number_of_threads([&](int) {
    const auto found =
        ridge::supremum(measure.points, measure.weights, Activation("softplus"), Side::both, 1e-5);
    if (!first) first = found;
    EXPECT_EQ(found.upper, first->upper);
    EXPECT_EQ(found.lower, first->lower);
    EXPECT_TRUE(torch::equal(found.neuron, first->neuron));
  });
}

}  // namespace
}  // namespace ebm::testing
