#include <ATen/ATen.h>

#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/framework/problem/torus.hpp"
#include "dualebm/models/convolutional.hpp"
#include "dualebm/models/mlp.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

std::shared_ptr<Mlp> make_mlp(const Mlp::Options& options, std::int64_t dimension = 2,
                              std::uint64_t seed = 1) {
  Random random(seed, "parameters");
  return std::make_shared<Mlp>(EnergyContext{std::make_shared<Euclidean>(dimension), torch::kDouble, random},
                               options);
}

torch::Tensor deep_points(std::int64_t count, std::int64_t dimension) {
  return Random(7, "deep").normal({count, dimension}, torch::kDouble);
}

// Against the formula, written with matrices by hand.
TEST(Mlp, IsTheFormula) {
  const auto energy = make_mlp({.hidden = {5}, .activation = "tanh", .confinement = 3});
  const auto p = energy->named_parameters();
  const auto x = deep_points(6, 2);
  const auto h = (x.matmul(p["layers.0.weight"].t()) + p["layers.0.bias"]).tanh();
  const auto expected =
      h.matmul(p["layers.1.weight"].t()).squeeze(1) + p["layers.1.bias"] + x.square().sum(1) / 18;
  EXPECT_LT(distance(energy->forward(x).detach(), expected.detach()), 1e-14);
}

TEST(Mlp, GradientIsTheCentralDifferenceForEveryActivation) {
  for (const auto& name : smooth_activation_names()) {
    const auto energy = make_mlp({.hidden = {7, 5}, .activation = name});
    const torch::NoGradGuard no_grad;
    const auto x = deep_points(4, 2), gradient = energy->gradient(x);
    for (int k = 0; k < 2; ++k) {
      auto shift = torch::zeros({2}, torch::kDouble);
      shift[k] = 1e-5;
      EXPECT_LT(
          distance(gradient.select(1, k), (energy->forward(x + shift) - energy->forward(x - shift)) / 2e-5),
          1e-8)
          << name;
    }
  }
}

// The same seed gives the same parameters, another seed others, and the process's own generator is where it
// was.
TEST(Mlp, ParametersAreAFunctionOfTheSeedAlone) {
  torch::manual_seed(3);
  const auto a = torch::rand({1});
  torch::manual_seed(3);
  const auto one = make_mlp({}, 2, 1), same = make_mlp({}, 2, 1), other = make_mlp({}, 2, 2);
  EXPECT_TRUE(torch::equal(one->parameters()[0], same->parameters()[0]));
  EXPECT_FALSE(torch::equal(one->parameters()[0], other->parameters()[0]));
  EXPECT_TRUE(torch::equal(a, torch::rand({1}))) << "the default generator was left elsewhere";
}

// With hidden layers of norm one and |silu'| < 1.1, the gradient of the network is at most 1.1² |w_out|; the
// bound on the ratio of norms is what a missing division breaks: weights scaled by ten leave the energy as it
// is.
TEST(Mlp, SpectralNormalisationTakesTheScaleOutOfHiddenLayers) {
  const auto energy = make_mlp({.hidden = {16, 16}, .spectral_norm = true, .confinement = std::nullopt});
  const auto x = deep_points(20, 2);
  const torch::NoGradGuard no_grad;
  const auto before = energy->forward(x);
  const auto weight = energy->named_parameters()["layers.1.weight"];
  weight.mul_(10);
  EXPECT_LT(distance(energy->forward(x), before), 1e-12);
  const auto u = energy->named_buffers()["left_1"], v = energy->named_buffers()["right_1"];
  const double estimate = u.dot(weight.mv(v)).item<double>();
  const double exact = std::get<1>(at::linalg_svd(weight)).max().item<double>();
  EXPECT_NEAR(estimate / exact, 1, 2e-3) << "thirty power iterations of a 16 × 16 matrix";
}

// h_0 = (x, cos Bx, sin Bx) by hand, with B as it is registered.
TEST(FourierFeatures, AreTheFormula) {
  for (const bool learnt : {false, true}) {
    const auto energy = make_mlp({.hidden = {5},
                                  .activation = "tanh",
                                  .confinement = std::nullopt,
                                  .fourier_features = 4,
                                  .learn_frequencies = learnt});
    const auto p = energy->named_parameters();
    EXPECT_EQ(p.contains("frequencies"), learnt);
    const auto b = learnt ? p["frequencies"] : energy->named_buffers()["frequencies"];
    const auto x = deep_points(6, 2), u = x.matmul(b.t());
    const auto h = torch::cat({x, u.cos(), u.sin()}, 1).matmul(p["layers.0.weight"].t()) + p["layers.0.bias"];
    const auto expected = h.tanh().matmul(p["layers.1.weight"].t()).squeeze(1) + p["layers.1.bias"];
    EXPECT_LT(distance(energy->forward(x).detach(), expected.detach()), 1e-14);
  }
}

// Frequencies of σ in turn: the mean square of 2000 × 3 normals errs by 2.6 %, and 10 % is four of that.
TEST(FourierFeatures, HaveTheScalesInTurn) {
  const auto energy = make_mlp({.hidden = {2}, .fourier_features = 4000, .fourier_scales = {0.5, 30}}, 3);
  const auto b = energy->named_buffers()["frequencies"].reshape({2000, 2, 3});
  EXPECT_NEAR(b.select(1, 0).square().mean().sqrt().item<double>() / 0.5, 1, 0.05);
  EXPECT_NEAR(b.select(1, 1).square().mean().sqrt().item<double>() / 30, 1, 0.05);
  EXPECT_FALSE(torch::equal(b, make_mlp({.hidden = {2}, .fourier_features = 4000}, 3, 2)
                                   ->named_buffers()["frequencies"]
                                   .reshape({2000, 2, 3})))
      << "another seed";
}

// On a torus energies are functions of cosines and sines: a whole turn is no change.
TEST(FourierFeatures, KeepThePeriodOfATorus) {
  const auto torus = std::make_shared<Torus>(std::vector<double>{360, 24});
  Random random(3, "parameters");
  Mlp energy({torus, torch::kDouble, random}, {.hidden = {8}, .fourier_features = 16, .fourier_scales = {4}});
  const auto angles = 100 * deep_points(10, 2);
  const auto turned = angles + torch::tensor({360., -48.}, torch::kDouble);
  const torch::NoGradGuard no_grad;
  EXPECT_LT(distance(energy.forward(torus->points_at(angles)), energy.forward(torus->points_at(turned))),
            1e-11);
  EXPECT_GT(energy.forward(torus->points_at(angles)).std().item<double>(), 1e-3);
}

TEST(FourierFeatures, ParametersWithoutThemAreAsBefore) {
  EXPECT_TRUE(torch::equal(make_mlp({.hidden = {3}})->parameters()[0],
                           make_mlp({.hidden = {3}, .fourier_scales = {7}})->parameters()[0]));
  expect_contains(user_error([] { make_mlp({.fourier_features = 3, .fourier_scales = {}}); }),
                  "energy.fourier_scales: there are none");
}

std::shared_ptr<Convolutional> make_convolutional(const Convolutional::Options& options, std::int64_t d) {
  Random random(2, "parameters");
  return std::make_shared<Convolutional>(
      EnergyContext{std::make_shared<Euclidean>(d), torch::kDouble, random}, options);
}

// One convolution of one channel without the network's other parts, summed by hand at every pixel.
TEST(Convolutional, IsTheFormula) {
  const auto energy =
      make_convolutional({.image = {1, 3, 2}, .channels = {1}, .activation = "tanh", .confinement = 2}, 6);
  const torch::NoGradGuard no_grad;
  const auto p = energy->named_parameters();
  const auto x = deep_points(4, 6), image = x.reshape({4, 3, 2}), kernel = p["features.0.weight"][0][0];
  auto expected = p["head.bias"] + x.square().sum(1) / 8;
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 2; ++j) {
      auto sum = p["features.0.bias"].expand({4}).clone();
      for (int a = std::max(0, i - 1); a <= std::min(2, i + 1); ++a) {
        for (int b = std::max(0, j - 1); b <= std::min(1, j + 1); ++b) {
          sum += kernel[a - i + 1][b - j + 1] * image.select(1, a).select(1, b);
        }
      }
      expected = expected + p["head.weight"][0][2 * i + j] * sum.tanh();
    }
  }
  EXPECT_LT(distance(energy->forward(x), expected), 1e-13);
}

TEST(Convolutional, HalvesOddSizesAndChecksTheImage) {
  const auto energy = make_convolutional({.image = {2, 7, 5}, .channels = {3, 4, 4}}, 70);
  EXPECT_EQ(energy->named_parameters()["head.weight"].size(1), 4 * 2 * 2);
  EXPECT_EQ(energy->forward(deep_points(3, 70)).sizes(), torch::IntArrayRef({3}));
  expect_contains(user_error([] {
                    make_convolutional({.image = {1, 8, 8}}, 65);
                  }),
                  "energy.image: 1 × 8 × 8 are 64 numbers, but domain.dimension is 65");
}

}  // namespace
}  // namespace ebm::testing
