#include "dualebm/datasets/toys/toy.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

class ToyShape : public ::testing::TestWithParam<std::string> {
 protected:
  std::shared_ptr<ToyDensity> density(std::optional<double> noise = std::nullopt) const {
    return make_toy_density(GetParam(), noise);
  }
  torch::Tensor samples(std::int64_t count) const {
    Random random(1, "toy_test");
    return density()->sample(count, random);
  }
};

INSTANTIATE_TEST_SUITE_P(All, ToyShape, ::testing::ValuesIn(toy_shapes()),
                         [](const auto& test) { return test.param; });

double integral(ToyDensity& density, const ToyDensity::Grid& grid) {
  const torch::NoGradGuard no_grad;
  return (-density.forward(grid.points())).exp().sum().item<double>() * grid.cell();
}

// The trapezium rule of a smooth density that has died away at the edge converges faster than any power of
// the spacing, so that two spacings which agree have both converged. Any factor forgotten in a density shows
// here.
TEST_P(ToyShape, IntegratesToOne) {
  for (const auto noise : {std::optional<double>(), std::optional<double>(0.4)}) {
    const auto toy = density(noise);
    auto grid = toy->grid();
    EXPECT_NEAR(integral(*toy, grid), 1, 1e-9);
    grid.spacing *= 0.7;
    grid.half_width *= 1.1;
    EXPECT_NEAR(integral(*toy, grid), 1, 1e-9);
  }
}

TEST_P(ToyShape, GridResolvesTheEntropy) {
  const auto toy = density();
  auto grid = toy->grid();
  grid.spacing *= 0.6;
  const torch::NoGradGuard no_grad;
  const auto energy = toy->forward(grid.points());
  EXPECT_NEAR(toy->entropy(), ((-energy).exp() * energy).sum().item<double>() * grid.cell(), 1e-6);
}

// E[-log p] over samples of p is the entropy, over samples of any other q it is H(q) + KL(q ‖ p). Four
// standard errors of 1e5 draws are about 0.01 nats.
TEST_P(ToyShape, MeanEnergyOfSamplesIsTheEntropy) {
  const auto toy = density();
  const torch::NoGradGuard no_grad;
  const auto energy = toy->forward(samples(100'000));
  EXPECT_NEAR(energy.mean().item<double>(), toy->entropy(), 4 * energy.std().item<double>() / std::sqrt(1e5));
}

// Counts of 1e5 samples in the cells of a board against the integral of p over each, by the midpoint rule
// with 16 × 16 points a cell, whose error is a thousandth of a cell's probability. Of all cells with an
// expected count of ten or more, χ² has mean f and variance 2f, f their number less one.
TEST_P(ToyShape, SamplesFallWhereTheDensityIs) {
  constexpr std::int64_t cells = 48, fine = 16, count = 100'000;
  constexpr double half_width = 4.8;
  const torch::NoGradGuard no_grad;
  const ToyDensity::Grid grid{.half_width = half_width, .spacing = 2 * half_width / (cells * fine)};
  const auto mass = (-density()->forward(grid.points())).exp() * grid.cell();
  ASSERT_EQ(mass.size(0), cells * fine * cells * fine);
  const auto expected = count * mass.view({cells, fine, cells, fine}).sum({1, 3}).flatten();
  const auto place = ((samples(count) + half_width) * (cells / (2 * half_width))).floor().to(torch::kLong);
  const auto inside = place.ge(0).logical_and(place.lt(cells)).all(1);
  const auto index = place.select(1, 0) * cells + place.select(1, 1);
  const auto found = index.masked_select(inside).bincount({}, cells * cells).to(torch::kDouble);
  const auto full = expected >= 10;
  const double statistic = ((found - expected).square() / expected).masked_select(full).sum().item<double>();
  const double freedom = full.sum().item<double>() - 1;
  EXPECT_GT(freedom, 200);
  EXPECT_NEAR(statistic, freedom, 4 * std::sqrt(2 * freedom));
}

TEST_P(ToyShape, LivesOnTheBoard) {
  const auto inside = samples(10'000).abs().amax(1) < 4.5;
  EXPECT_GT(inside.to(torch::kDouble).mean().item<double>(), 0.99);
}

// A walker that has strayed must be told the way back: towards the data, with a finite force, in either type.
TEST_P(ToyShape, GradientsFarAwayAreFiniteAndPointAway) {
  const auto toy = density();
  for (const auto dtype : {torch::kFloat, torch::kDouble}) {
    for (const double far : {0., 20., 1e3, 1e6}) {
      const auto x = far * torch::tensor({{1., 0.}, {0., 1.}, {-1., 0.}, {0., -1.}, {0.6, 0.8}},
                                         torch::TensorOptions(dtype));
      const auto energy = toy->forward(x), gradient = toy->gradient(x);
      EXPECT_EQ(energy.scalar_type(), dtype);
      EXPECT_EQ(gradient.scalar_type(), dtype);
      EXPECT_TRUE(energy.isfinite().all().item<bool>()) << far;
      EXPECT_TRUE(gradient.isfinite().all().item<bool>()) << far;
      const double outward = (gradient * x).sum(1).min().item<double>();
      EXPECT_TRUE(outward > 0 || far != 20.) << outward;
    }
  }
}

TEST_P(ToyShape, GradientIsThatOfTheEnergy) {
  const auto toy = density();
  const auto x = samples(5000);  // more than one piece
  const auto gradient = toy->gradient(x);
  Random random(2, "toy_test");
  const auto direction = random.normal(x.sizes(), torch::kDouble);
  constexpr double step = 1e-6;
  const auto slope = (toy->forward(x + step * direction) - toy->forward(x - step * direction)) / (2 * step);
  EXPECT_LT(distance((gradient * direction).sum(1), slope), 1e-6);
}

TEST_P(ToyShape, FloatAndDoubleAgree) {
  const auto toy = density();
  const auto x = samples(1000);
  EXPECT_LT(distance(toy->forward(x.to(torch::kFloat)), toy->forward(x.to(torch::kFloat).to(torch::kDouble))),
            1e-3);
}

TEST_P(ToyShape, IsADatasetWithItsDensityAsTeacher) {
  Random random(3, "toy_test");
  const auto parts =
      standard_catalogue()
          .datasets
          .read({{"name", "toy"}, {"shape", GetParam()}, {"train", 50}, {"validation", 20}, {"test", 30}},
                "dataset")
          .make({.domain = std::make_shared<Euclidean>(2), .teacher = nullptr, .random = random});
  EXPECT_EQ(parts->train.sizes(), (std::vector<std::int64_t>{50, 2}));
  EXPECT_EQ(parts->validation.size(0), 20);
  EXPECT_EQ(parts->test.size(0), 30);
  EXPECT_EQ(parts->train.scalar_type(), torch::kDouble);
  EXPECT_LT(distance(parts->teacher->forward(parts->test), density()->forward(parts->test)), 1e-15);
  EXPECT_EQ(parts->teacher->log_normalizer(), 0);
}

// Eight wells of depth log 8 + log 2πσ²: the one value that is known without a formula of the code.
TEST(Toy, KnownValues) {
  const auto zero = torch::zeros({1, 2}, torch::kDouble);
  const double variance = 0.3 * 0.3;
  EXPECT_NEAR(make_toy_density("eight_gaussians")->forward(zero).item<double>(),
              9 / (2 * variance) + std::log(2 * M_PI * variance), 1e-12);
  // Well inside a dark square p is 1/32, the uniform density on eight squares of area four.
  const auto middle = torch::tensor({{-3., -3.}, {-1., -1.}, {1., -3.}}, torch::kDouble);
  EXPECT_LT(distance(make_toy_density("checkerboard")->forward(middle), torch::full({3}, std::log(32.))),
            1e-7);
  EXPECT_GT(
      make_toy_density("checkerboard")->forward(torch::tensor({{1., -1.}}, torch::kDouble)).item<double>(),
      10);
}

// Five equal Gaussians that hardly overlap: H = log 5 + log(2πe · 0.5 σ). The twist keeps areas and so the
// entropy.
TEST(Toy, EntropyOfThePinwheel) {
  const double apart = std::log(5 * 2 * M_PI * std::exp(1.) * 0.5 * 0.05);
  EXPECT_NEAR(make_toy_density("pinwheel", 0.05)->entropy(), apart, 1e-3);
}

TEST(Toy, NeedsThePlane) {
  Random random(1, "toy_test");
  EXPECT_EQ(user_error([&] {
              standard_catalogue()
                  .datasets.read({{"name", "toy"}}, "dataset")
                  .make({.domain = std::make_shared<Euclidean>(3), .teacher = nullptr, .random = random});
            }),
            "dataset.name: toy needs the domain euclidean with dimension 2, not euclidean with dimension 3");
}

}  // namespace
}  // namespace ebm::testing
