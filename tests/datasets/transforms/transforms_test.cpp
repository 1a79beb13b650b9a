#include "dualebm/apps/standard_catalogue.hpp"

#include <torch/csrc/autograd/autograd.h>
#include <torch/serialize.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

std::shared_ptr<Transform> transform(const Json& section, std::shared_ptr<Domain> domain,
                                     torch::Dtype dtype = torch::kDouble) {
  return standard_catalogue()
      .transforms.read(section, "transforms[0]")
      .make({.domain = std::move(domain), .tensor_options = dtype});
}

std::shared_ptr<Transform> standardise(std::int64_t dimension) {
  return transform({{"name", "standardise"}}, std::make_shared<Euclidean>(dimension));
}

/// Three correlated coordinates of unlike scales.
torch::Tensor skewed(std::int64_t count, std::uint64_t seed) {
  Random random(seed, "transforms_test");
  const auto mixing = torch::tensor({{2., 0., 0.}, {1., 0.1, 0.}, {0., 3., 50.}}, torch::kDouble);
  return random.normal({count, 3}, torch::kDouble).matmul(mixing) +
         torch::tensor({1., -7., 1000.}, torch::kDouble);
}

/// log |det ∂T/∂x| at one point, by autograd.
double log_determinant_at(Transform& map, const torch::Tensor& point) {
  const auto x = point.clone().unsqueeze(0).requires_grad_(true);
  const auto y = map.forward(x)[0];
  std::vector<torch::Tensor> rows;
  for (std::int64_t k = 0; k < y.size(0); ++k)
    rows.push_back(torch::autograd::grad({y[k]}, {x}, {}, /*retain_graph=*/true)[0][0]);
  return std::get<1>(torch::stack(rows).slogdet()).item<double>();
}

TEST(Standardise, TheTrainingPartHasMeanZeroAndDeviationOne) {
  const auto train = skewed(50'000, 1), other = skewed(1000, 2);
  const auto map = standardise(3);
  map->fit(train);
  EXPECT_LT(distance(map->forward(train).mean(0), torch::zeros({3})), 1e-11);
  EXPECT_LT(distance(map->forward(train).square().mean(0), torch::ones({3})), 1e-12);
  // What was not trained on is measured by the same rule, not by its own mean.
  EXPECT_LT(distance(map->forward(other), (other - train.mean(0)) / train.std(0, /*unbiased=*/false)), 1e-11);
  EXPECT_GT(map->forward(other).mean(0).abs().max().item<double>(), 1e-3);
  EXPECT_LT(distance(map->inverse(map->forward(other)), other), 1e-11);
}

// In float32 a sum of ten thousand squares near 1e6 has lost the deviation.
TEST(Standardise, LearnsInDoubleWhatComesInFloat) {
  const auto train = skewed(50'000, 1).to(torch::kFloat);
  const auto map = standardise(3);
  map->fit(train);
  EXPECT_LT(distance(map->named_buffers()["deviation"], train.to(torch::kDouble).std(0, false)), 1e-12);
}

TEST(Standardise, AConstantCoordinateKeepsItsScale) {
  auto train = skewed(1000, 1);
  train.select(1, 1).fill_(0.1);  // a number whose mean is rounded
  const auto map = standardise(3);
  map->fit(train);
  EXPECT_EQ(map->named_buffers()["deviation"][1].item<double>(), 1);
  EXPECT_LT(map->forward(train).select(1, 1).abs().max().item<double>(), 1e-15);
}

TEST(Standardise, LogDeterminantIsThatOfTheJacobian) {
  const auto map = standardise(3);
  EXPECT_EQ(map->log_determinant(), 0);
  map->fit(skewed(1000, 1));
  EXPECT_NEAR(map->log_determinant(), log_determinant_at(*map, skewed(1, 3)[0]), 1e-12);
  EXPECT_LT(map->log_determinant(), -4);  // log of 1/50 and more: not a sum that cancelled
}

TEST(Standardise, WhatItLearntIsSavedAndLoaded) {
  const auto map = standardise(3), other = standardise(3);
  map->fit(skewed(1000, 1));
  std::stringstream file;
  torch::serialize::OutputArchive out;
  map->save(out);
  out.save_to(file);
  torch::serialize::InputArchive in;
  in.load_from(file);
  other->load(in);
  const auto x = skewed(10, 3);
  EXPECT_TRUE(torch::equal(map->forward(x), other->forward(x)));
  EXPECT_EQ(map->log_determinant(), other->log_determinant());
}

TEST(Standardise, NumbersBeyondTheTypeAreErrors) {
  const auto train = torch::tensor({{1., 1e300}, {2., -1e300}}, torch::kDouble);
  EXPECT_EQ(user_error([&] { standardise(2)->fit(train); }),
            "standardise: the deviation of coordinate 1 of the training part is inf");
}

TEST(ProjectToSphere, KeepsTheDirectionAlone) {
  const auto map = transform({{"name", "project_to_sphere"}}, std::make_shared<Sphere>(3));
  Random random(1, "transforms_test");
  const auto x = skewed(100, 1), y = map->prepare(x, random);
  EXPECT_LT(distance(y.norm(2, 1), torch::ones({100})), 1e-15);
  EXPECT_LT(distance(y * x.norm(2, 1, true), x), 1e-12);
  EXPECT_TRUE(torch::equal(map->inverse(y), y));
  EXPECT_EQ(map->log_determinant(), 0);
}

TEST(ProjectToSphere, WhatHasNoDirectionIsAnError) {
  const auto map = transform({{"name", "project_to_sphere"}}, std::make_shared<Sphere>(2));
  Random random(1, "transforms_test");
  const auto message = [&](const torch::Tensor& x) { return user_error([&] { map->prepare(x, random); }); };
  EXPECT_EQ(message(torch::tensor({{1., 0.}, {0., 0.}, {0., 0.}}, torch::kDouble)),
            "transform project_to_sphere: row 1 has length 0, and so no direction");
  expect_contains(message(torch::tensor({{1., 0.}, {1e308, 1e308}}, torch::kDouble)), "row 1 has length inf");
  EXPECT_EQ(user_error([] {
              transform({{"name", "project_to_sphere"}}, std::make_shared<Euclidean>(2));
            }),
            "transform project_to_sphere lives on the domain sphere, not on euclidean");
}

/// Every level once.
torch::Tensor all_levels(std::int64_t levels, torch::Dtype dtype) {
  return torch::arange(levels, torch::TensorOptions(dtype)).view({-1, 2});
}

TEST(Dequantise, RoundTrips) {
  for (const auto dtype : {torch::kFloat, torch::kDouble}) {
    for (const std::int64_t levels : {2, 10, 16, 256}) {
      const auto map =
          transform({{"name", "dequantise"}, {"levels", levels}}, std::make_shared<Euclidean>(2), dtype);
      Random random(1, "transforms_test");
      const auto x = all_levels(levels, dtype);
      const auto middle = map->forward(x), drawn = map->prepare(x, random);
      EXPECT_EQ(drawn.scalar_type(), dtype);
      EXPECT_TRUE(torch::equal(map->inverse(middle), x));
      EXPECT_TRUE(torch::equal(map->inverse(drawn), x));
      EXPECT_GT(distance(middle, drawn), 0);
    }
  }
}

// Samples of an energy leave [0, 1): they are taken to the nearest level, not beyond.
TEST(Dequantise, TheWayBackStaysAmongTheLevels) {
  const auto map = transform({{"name", "dequantise"}}, std::make_shared<Euclidean>(2));
  EXPECT_TRUE(torch::equal(map->inverse(torch::tensor({{-0.3, 1.7}, {0., 1.}}, torch::kDouble)),
                           torch::tensor({{0., 255.}, {0., 255.}}, torch::kDouble)));
}

// x + u is uniform on [x, x + 1): mean x + 1/2, variance 1/12. Four standard errors of 1e5 draws; that of the
// sample variance of a uniform is sqrt(1/180 n).
TEST(Dequantise, NoiseIsUniformOverOneLevel) {
  const auto map = transform({{"name", "dequantise"}}, std::make_shared<Euclidean>(2));
  Random random(1, "transforms_test");
  constexpr double count = 100'000;
  const auto u = map->prepare(torch::full({50'000, 2}, 7, torch::kDouble), random) * 256 - 7;
  EXPECT_NEAR(u.mean().item<double>(), 0.5, 4 * std::sqrt(1 / (12 * count)));
  EXPECT_NEAR(u.var().item<double>(), 1. / 12, 4 * std::sqrt(1 / (180 * count)));
  EXPECT_GE(u.min().item<double>(), 0);
  EXPECT_LT(u.max().item<double>(), 1);
}

TEST(Dequantise, LogDeterminantIsThatOfTheJacobian) {
  const auto map = transform({{"name", "dequantise"}, {"levels", 16}}, std::make_shared<Euclidean>(2));
  EXPECT_NEAR(map->log_determinant(), log_determinant_at(*map, torch::tensor({3., 4.}, torch::kDouble)),
              1e-12);
}

TEST(Dequantise, WhatIsNoLevelIsAnError) {
  const auto map = transform({{"name", "dequantise"}, {"levels", 16}}, std::make_shared<Euclidean>(2));
  Random random(1, "transforms_test");
  for (const double wrong : {0.5, -1., 16., std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_EQ(
        user_error([&] {
          map->prepare(torch::tensor({{1., 2.}, {3., wrong}}, torch::kDouble), random);
        }),
        fmt::format(
            "transform dequantise: number 1 of row 1 (from 0) is {:g}; whole numbers 0 to 15 are needed",
            wrong));
  }
}

// Fitted one on the other: the second sees what the first makes.
TEST(TransformChain, OfDequantisedAndStandardisedPixels) {
  const auto domain = std::make_shared<Euclidean>(3);
  TransformChain chain({transform({{"name", "dequantise"}, {"levels", 16}}, domain), standardise(3)});
  Random random(1, "transforms_test");
  const auto train = random.integers(16, 3000).view({-1, 3}).to(torch::kDouble);
  chain.fit(train);
  EXPECT_LT(distance(chain.forward(train).square().mean(0), torch::ones({3})), 1e-12);
  EXPECT_TRUE(torch::equal(chain.inverse(chain.prepare(train, random)), train));
  EXPECT_NEAR(chain.log_determinant(), log_determinant_at(chain, train[0]), 1e-12);
}

}  // namespace
}  // namespace ebm::testing
