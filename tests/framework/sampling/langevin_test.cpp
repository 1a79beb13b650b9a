#include "dualebm/framework/sampling/langevin.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "dualebm/models/gaussian.hpp"
#include "dualebm/models/shallow.hpp"
#include "dualebm/models/von_mises_fisher.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// E(x) = 3 Σ x_k: autograd gives its gradient as one number seen N d times.
class Slope final : public Energy {
 public:
  torch::Tensor forward(const torch::Tensor& x) override { return 3 * x.sum(1); }
};

/// An energy that keeps its gradient and hands it out.
class Hoarder final : public Energy {
 public:
  torch::Tensor forward(const torch::Tensor& x) override { return x.sum(1); }
  torch::Tensor gradient(const torch::Tensor&) override { return kept; }
  torch::Tensor kept = torch::ones({2, 2}, torch::kDouble);
};

Gaussian standard_normal(std::int64_t dimension) { return {on_euclidean(dimension, torch::kDouble), {}}; }

// For E = x²/2σ² the chain is X <- (1 - h/σ²) X + sqrt(2h) ξ, stationary with variance σ² / (1 - h/2σ²)
// exactly: 5/3 of σ² for the first coordinate here. A drift of the wrong sign diverges; noise sqrt(h) or a
// drift h/2 misses by tens of standard errors, which are 0.7 %. The slowest coordinate forgets its start like
// 0.95^150 = 5e-4.
TEST(Langevin, StationaryVarianceOnAGaussianIsExact) {
  constexpr double h = 0.2, count = 40000;
  const std::vector<double> deviation = {0.5, 1, 2}, mean = {1, -2, 0};
  Gaussian energy(on_euclidean(3, torch::kDouble), {.mean = mean, .deviation = deviation});
  Random random(1, "langevin");
  const Langevin chain({.step_size = h, .antithetic = false});
  auto state = chain.init(torch::tensor(mean, torch::kDouble).repeat({40000, 1}));
  for (int t = 0; t < 150; ++t) chain.step(energy, Euclidean(3), state, random, 1);
  for (std::size_t k = 0; k < 3; ++k) {
    const double variance = deviation[k] * deviation[k] / (1 - h / (2 * deviation[k] * deviation[k]));
    const auto x = state.positions.select(1, static_cast<std::int64_t>(k)) - mean[k];
    EXPECT_NEAR(x.mean().item<double>(), 0, 4 * std::sqrt(variance / count)) << k;
    EXPECT_NEAR(x.square().mean().item<double>(), variance, 4 * variance * std::sqrt(2 / count)) << k;
  }
}

// Under von Mises-Fisher of κ = 5 on S² the cosine to μ has mean A = 0.800 and variance 1 - 2A/κ - A² =
// 0.0396; with 8000 independent particles a standard error is 0.0022. The bias of the chain is linear in h:
// measured with 1e5 particles over a long time, A is off by +0.0249, +0.0126, +0.0059 at h = 0.08, 0.04,
// 0.02, so by +0.0006 at h = 0.002, a quarter of one standard error. From the uniform start the chain needs a
// time of order 1/κ; it gets 3.
TEST(Langevin, SamplesVonMisesFisherOnTheSphere) {
  constexpr double kappa = 5, h = 0.002, count = 8000;
  const std::vector<double> mean = {0.6, 0, 0.8};
  Random random(1, "langevin");
  VonMisesFisherMixture energy(on_sphere(3, torch::kDouble, random),
                               {.concentration = kappa, .means = {mean}});
  const Sphere sphere(3);
  const Langevin chain({.step_size = h, .antithetic = false});
  auto state = chain.init(sphere.sample_base(8000, random, torch::kDouble));
  for (int t = 0; t < 1500; ++t) chain.step(energy, sphere, state, random, 1);
  EXPECT_LT((state.positions.norm(2, 1) - 1).abs().max().item<double>(), 1e-14);

  const double length = von_mises_fisher_mean_length(3, kappa);
  const auto center = state.positions.mean(0);
  const double along = center.dot(torch::tensor(mean, torch::kDouble)).item<double>();
  EXPECT_NEAR(along, length, 3 * std::sqrt((1 - 2 * length / kappa - length * length) / count));
  for (const std::vector<double>& across :
       {std::vector<double>{0, 1, 0}, std::vector<double>{0.8, 0, -0.6}}) {
    EXPECT_NEAR(center.dot(torch::tensor(across, torch::kDouble)).item<double>(), 0,
                3 * std::sqrt(length / kappa / count));
  }
}

// Both halves start at the same points, so the noise cancels in their sum and the drift in their difference.
TEST(Langevin, AntitheticHalvesGetOppositeNoise) {
  auto energy = standard_normal(2);
  Random random(1, "langevin");
  const auto start = random.normal({500, 2}, torch::kDouble);
  const Langevin chain({.step_size = 0.1, .antithetic = true});
  auto state = chain.init(start.repeat({2, 1}));
  chain.step(energy, Euclidean(2), state, random, 1);
  const auto first = state.positions.narrow(0, 0, 500), second = state.positions.narrow(0, 500, 500);
  EXPECT_LT(distance(0.5 * (first + second), 0.9 * start), 1e-14);
  const double variance = (0.5 * (first - second)).square().mean().item<double>();
  EXPECT_NEAR(variance, 2 * 0.1, 4 * 0.2 * std::sqrt(2 / 1000.0));
}

TEST(Langevin, WithoutAntitheticNoiseAllParticlesAreIndependent) {
  auto energy = standard_normal(2);
  Random random(1, "langevin");
  const Langevin chain({.step_size = 0.1, .antithetic = false});
  auto state = chain.init(torch::zeros({1000, 2}, torch::kDouble));
  chain.step(energy, Euclidean(2), state, random, 1);
  const auto product = state.positions.narrow(0, 0, 500) * state.positions.narrow(0, 500, 500);
  EXPECT_LT(std::abs(product.mean().item<double>()), 4 * 0.2 / std::sqrt(1000.0));
}

TEST(Langevin, AntitheticNoiseNeedsAnEvenNumber) {
  const Langevin chain({.step_size = 0.1, .antithetic = true});
  expect_contains(user_error([&] { chain.init(torch::zeros({3, 2}, torch::kDouble)); }), "got 3");
}

// The factor is one on h: sqrt(2h) must not be multiplied by it as a whole.
TEST(Langevin, ScaleMultipliesTheStep) {
  auto energy = standard_normal(2);
  Random one(1, "langevin"), other(1, "langevin");
  const auto start = torch::ones({4, 2}, torch::kDouble);
  const Langevin large({.step_size = 0.4}), small({.step_size = 0.1});
  auto scaled = large.init(start), plain = small.init(start);
  large.step(energy, Euclidean(2), scaled, one, 0.25);
  small.step(energy, Euclidean(2), plain, other, 1);
  EXPECT_LT(distance(scaled.positions, plain.positions), 1e-15);
}

// A noise of its own makes the temperature T = noise² / 2h: the variance of the chain is T times the usual
// one.
TEST(Langevin, NoiseApartFromTheStepSetsTheTemperature) {
  constexpr double h = 0.2, noise = 0.1, count = 20000;
  auto energy = standard_normal(1);
  Random random(2, "langevin");
  const Langevin chain({.step_size = h, .antithetic = false, .noise = noise});
  auto state = chain.init(torch::zeros({20000, 1}, torch::kDouble));
  for (int t = 0; t < 60; ++t) chain.step(energy, Euclidean(1), state, random, 1);
  const double variance = noise * noise / (2 * h) / (1 - h / 2);
  EXPECT_NEAR(state.positions.square().mean().item<double>(), variance, 4 * variance * std::sqrt(2 / count));
}

// The factor of a schedule acts on h, so on the root of it for the noise, given or not.
TEST(Langevin, ScaleTakesANoiseOfItsOwnAlongByItsRoot) {
  auto energy = standard_normal(2);
  Random one(1, "langevin"), other(1, "langevin");
  const auto start = torch::ones({4, 2}, torch::kDouble);
  const Langevin given({.step_size = 0.4, .noise = std::sqrt(0.8)}), usual({.step_size = 0.4});
  auto a = given.init(start), b = usual.init(start);
  given.step(energy, Euclidean(2), a, one, 0.09);
  usual.step(energy, Euclidean(2), b, other, 0.09);
  EXPECT_LT(distance(a.positions, b.positions), 1e-15);
}

// ∇E = x for the standard normal: (3, 4) has norm 5 and becomes (0.6, 0.8) · 2, (0.3, 0.4) stays.
TEST(Langevin, ClipsTheGradientOfEachParticleByItself) {
  auto energy = standard_normal(2);
  Random random(1, "langevin");
  const auto start = torch::tensor({{3., 4.}, {0.3, 0.4}}, torch::kDouble);
  const Langevin chain({.step_size = 0.1, .noise = 0, .gradient_clip = 2});
  auto state = chain.init(start);
  chain.step(energy, Euclidean(2), state, random, 1);
  const auto expected = start - 0.1 * torch::tensor({{1.2, 1.6}, {0.3, 0.4}}, torch::kDouble);
  EXPECT_LT(distance(state.positions, expected), 1e-15);
}

// Clipped, an infinite gradient would be a harmless one: it must show.
TEST(Langevin, ClippingMasksNoNumberThatIsNotFinite) {
  Random random(1, "langevin");
  const Langevin chain({.step_size = 0.1, .gradient_clip = 2});
  for (const double wrong : {std::nan(""), HUGE_VAL}) {
    Hoarder hoarder;
    hoarder.kept[0][1] = wrong;
    auto state = chain.init(torch::ones({2, 2}, torch::kDouble));
    chain.step(hoarder, Euclidean(2), state, random, 1);
    EXPECT_FALSE(state.positions.isfinite().all().item<bool>()) << wrong;
  }
  Hoarder huge;
  huge.kept = torch::full({2, 2}, 1e30F);
  auto state = Langevin({.step_size = 1, .noise = 0, .gradient_clip = 2}).init(torch::zeros({2, 2}));
  Langevin({.step_size = 1, .noise = 0, .gradient_clip = 2}).step(huge, Euclidean(2), state, random, 1);
  EXPECT_LT(distance(state.positions, torch::full({2, 2}, -std::sqrt(2.0))), 1e-6)
      << "1e30 is finite in float, its square is not";
}

TEST(Langevin, StartIsCopiedAndStatesOfThePastStay) {
  auto energy = standard_normal(2);
  Random random(1, "langevin");
  auto start = torch::ones({4, 2}, torch::kDouble);
  const Langevin chain({});
  auto state = chain.init(start);
  chain.step(energy, Euclidean(2), state, random, 1);
  const auto past = state.positions;
  const auto copy = past.clone();
  EXPECT_EQ(chain.step(energy, Euclidean(2), state, random, 1).gradient_evaluations, 4);
  EXPECT_TRUE(torch::equal(past, copy));
  EXPECT_TRUE(torch::equal(start, torch::ones({4, 2}, torch::kDouble)));
}

/// Hands out the numbers of one tensor as every draw.
class Recorded final : public Random {
 public:
  explicit Recorded(torch::Tensor noise) : Random(0, "unused"), noise_(std::move(noise)) {}
  Normals normals() override { return Normals(noise_); }

 private:
  torch::Tensor noise_;
};

// Rows of every remainder by vectors, pieces and shards, with the energy's kernel and without: a piece that
// takes the noise or the gradient of another, a half with the wrong sign, a row left out of the retraction
// are errors of order h or 1.
TEST(Langevin, AStepIsItsFormula) {
  constexpr double h = 0.1;
  for (const auto type : {torch::kDouble, torch::kFloat}) {
    for (const auto& [count, d] :
         {std::pair<std::int64_t, std::int64_t>{2, 2}, {34, 3}, {1402, 15}, {2606, 16}, {70, 33}, {6, 300}}) {
      for (const bool antithetic : {true, false}) {
        Random random(1, "particles");
        const Sphere sphere(d);
        const auto shallow =
            std::make_shared<Shallow>(on_sphere(d, type, random), Shallow::Options{.neurons = 9});
        const auto x = sphere.sample_base(count, random, type);
        const auto noise = random.normal({antithetic ? count / 2 : count, d}, type);
        const auto xi = antithetic ? torch::cat({noise, -noise}) : noise;
        ByAutograd plain(shallow);
        const auto expected = sphere.retract(x - h * plain.gradient(x) + std::sqrt(2 * h) * xi);
        const Langevin chain({.step_size = h, .antithetic = antithetic});
        with_each_instruction_set([&](InstructionSet set) {
          for (Energy* energy : {static_cast<Energy*>(shallow.get()), static_cast<Energy*>(&plain)}) {
            auto state = chain.init(x);
            Recorded recorded(noise);
            chain.step(*energy, sphere, state, recorded, 1);
            EXPECT_LT(distance(state.positions, expected), type == torch::kDouble ? 1e-14 : 1e-6)
                << to_string(set) << ": " << count << " particles in " << d << " dimensions";
          }
        });
      }
    }
  }
}

TEST(Langevin, AStepIsTheSameBitsForEveryNumberOfThreads) {
  Random parameters(1, "parameters");
  Shallow energy(on_sphere(15, torch::kFloat, parameters), {.neurons = 20});
  const Sphere sphere(15);
  const auto start = sphere.sample_base(5002, parameters, torch::kFloat);
  std::vector<torch::Tensor> ends;
  with_each_number_of_threads([&](int) {
    Random random(2, "particles");
    const Langevin chain({});
    auto state = chain.init(start);
    for (int i = 0; i < 3; ++i) chain.step(energy, sphere, state, random, 1);
    ends.push_back(state.positions);
  });
  for (const auto& end : ends) EXPECT_TRUE(torch::equal(end, ends[0]));
}

// The memory of old positions serves new ones only where nobody holds it: here a view does.
TEST(Langevin, MemoryThatAViewHoldsIsNotTaken) {
  auto energy = standard_normal(2);
  Random random(1, "langevin");
  const Langevin chain({});
  auto state = chain.init(torch::ones({4, 2}, torch::kDouble));
  const auto view = state.positions.narrow(0, 1, 2);
  const auto copy = view.clone();
  for (int i = 0; i < 3; ++i) chain.step(energy, Euclidean(2), state, random, 1);
  EXPECT_TRUE(torch::equal(view, copy));
}

// Drift computed in place works on neither: the one is a single number expanded, the other is not the
// sampler's.
TEST(Langevin, TheGradientBelongsToTheEnergy) {
  Random random(1, "langevin");
  const Langevin chain({.step_size = 0.01});
  auto state = chain.init(torch::ones({2, 2}, torch::kDouble));
  Hoarder hoarder;
  chain.step(hoarder, Euclidean(2), state, random, 1);
  EXPECT_TRUE(torch::equal(hoarder.kept, torch::ones({2, 2}, torch::kDouble)));
  Slope slope;
  EXPECT_NO_THROW(chain.step(slope, Euclidean(2), state, random, 1));
}

TEST(Langevin, TheStepMustBePositive) {
  expect_contains(user_error([] { Langevin({.step_size = 0}); }), "step_size must be positive");
  expect_contains(user_error([] { Langevin({.noise = -1.0}); }), "noise must not be negative");
  expect_contains(user_error([] { Langevin({.gradient_clip = -1}); }), "gradient_clip must not be negative");
}

}  // namespace
}  // namespace ebm::testing
