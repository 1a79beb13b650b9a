#include <ATen/ATen.h>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "dualebm/framework/sampling/base_proposal.hpp"
#include "dualebm/framework/sampling/samplers.hpp"
#include "dualebm/framework/sampling/spherical_slice.hpp"
#include "dualebm/framework/sampling/tempering.hpp"
#include "dualebm/models/gaussian.hpp"
#include "dualebm/models/von_mises_fisher.hpp"
#include "tests/framework/sampling/known_moments.hpp"
#include "tests/framework/sampling/two_modes.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

Tempering ladder(double width, std::int64_t levels = 6) {
  const auto plane = std::make_shared<Euclidean>(2);
  return Tempering(std::make_shared<BaseProposal>(plane, torch::zeros({2}), torch::full({2}, width)),
                   {.levels = levels});
}

TEST(Tempering, CarriesMassBetweenFarModes) {
  TwoModes energy(2);
  const auto start = torch::tensor({{-6.0, 0.0}}, torch::kDouble).repeat({200, 1});
  const auto f = [](const torch::Tensor& x) {
    return torch::stack({(x.select(1, 0) > 0).to(torch::kDouble), x.select(1, 1).square()}, 1);
  };
  const auto estimates = chain_means(ladder(5), energy, Euclidean(2), start, 500, 600, f);
  expect_close(estimates[0], 0.2, 0.02, "mass of the right mode");
  expect_close(estimates[1], 0.25, 0.02, "width");
}

TEST(Tempering, LearnsALadderOfEqualRejections) {
  TwoModes energy(2);
  const auto sampler = ladder(5);
  Random random(1, "chains");
  auto state = sampler.init(0.5 * random.normal({500, 2}, torch::kDouble));
  for (int i = 0; i < 400; ++i) sampler.step(energy, Euclidean(2), state, random, 1);
  // From the model at β = 1 to the base at 0 the path is steep near the base: its spacings are not equal.
  const auto spacings = state.memory.values.at("log_spacings").softmax(0);
  EXPECT_GT((spacings.max() / spacings.min()).item<double>(), 2);
  state.adapting = false;
  const auto before = state.memory.values.at("log_spacings").clone();
  sampler.step(energy, Euclidean(2), state, random, 1);
  EXPECT_TRUE(torch::equal(before, state.memory.values.at("log_spacings")));
}

TEST(Tempering, CountsAndCachesAreRight) {
  Gaussian energy(on_euclidean(2, torch::kDouble), {});
  const auto sampler = ladder(2, 4);
  Random random(1, "chains");
  auto state = sampler.init(random.normal({100, 2}, torch::kDouble));
  sampler.step(energy, Euclidean(2), state, random, 1);
  const auto info = sampler.step(energy, Euclidean(2), state, random, 1);
  EXPECT_EQ(info.gradient_evaluations, 400);
  EXPECT_EQ(info.log_importance.size(0), 100);
  for (int moved = 0; moved < 2; ++moved) {
    EXPECT_LT(distance(state.energy(), energy.forward(state.positions)), 1e-12);
    EXPECT_LT(distance(state.gradient(), energy.gradient(state.positions)), 1e-12);
    const auto& columns = state.memory.columns;
    const auto replicas = columns.at("replicas").reshape({-1, 2});
    EXPECT_LT(distance(columns.at("replica_energy").flatten(), energy.forward(replicas)), 1e-12) << moved;
    EXPECT_LT(distance(columns.at("replica_gradient").reshape({-1, 2}), energy.gradient(replicas)), 1e-12)
        << moved;
    {
      const torch::NoGradGuard no_grad;
      energy.named_parameters()["mean"].fill_(1);
    }
    ++state.parameters_version;
    sampler.step(energy, Euclidean(2), state, random, 1);
  }
}

// All levels of a small ladder against their own measures: N(0, 1) at one end, N(0, 4) at the other, where
// the ratio of an exchange with the wrong sign shows at once.
TEST(Tempering, MomentsOfAGaussianAreRight) {
  Gaussian energy(on_euclidean(2, torch::kDouble), {.mean = {1}});
  Random random(3, "start");
  const auto estimates =
      chain_means(ladder(2, 3), energy, Euclidean(2), random.normal({300, 2}, torch::kDouble), 200, 300,
                  [](const torch::Tensor& x) {
                    return torch::cat({x, (x - 1).square()}, 1);
                  });
  for (int k = 0; k < 4; ++k) expect_close(estimates[static_cast<std::size_t>(k)], 1, 0.02, "moment");
}

TEST(Tempering, IsReadBackBitForBitAndTheSameForEveryNumberOfThreads) {
  TwoModes energy(2);
  const auto sampler = ladder(5);
  std::vector<torch::Tensor> ends;
  with_each_number_of_threads([&](int) {
    Random random(1, "chains");
    auto state = sampler.init(random.normal({700, 2}, torch::kDouble));
    for (int i = 0; i < 4; ++i) sampler.step(energy, Euclidean(2), state, random, 1);
    ebm::State archive;
    state.save(archive);
    auto copy = sampler.init(torch::zeros_like(state.positions));
    copy.load(archive);
    Random again(2, "chains");
    again.set_state(random.state());
    sampler.step(energy, Euclidean(2), state, random, 1);
    sampler.step(energy, Euclidean(2), copy, again, 1);
    EXPECT_TRUE(torch::equal(state.positions, copy.positions));
    ends.push_back(state.positions);
  });
  for (const auto& end : ends) EXPECT_TRUE(torch::equal(end, ends[0]));
}

TEST(SphericalSlice, MomentsOfVonMisesFisherAreRight) {
  const SphericalSlice slice({});
  for (const std::int64_t d : {3, 15}) {
    for (const double kappa : {1.0, 100.0, 500.0}) {
      Random random(3, "start");
      auto mean = std::vector<double>(static_cast<std::size_t>(d), 0.0);
      mean[0] = 1;
      VonMisesFisherMixture energy(on_sphere(d, torch::kDouble, random),
                                   {.concentration = kappa, .means = {mean}});
      const Sphere sphere(d);
      const double length = von_mises_fisher_mean_length(d, kappa),
                   square = 1 - static_cast<double>(d - 1) * length / kappa;
      auto about = 2 / std::sqrt(kappa) * random.normal({300, d}, torch::kDouble);
      about.select(1, 0) += 1;
      const auto estimates =
          chain_means(slice, energy, sphere, sphere.retract(about), 200, 200, [](const torch::Tensor& x) {
            return torch::stack({x.select(1, 0), x.select(1, 0).square(), x.select(1, 1)}, 1);
          });
      const double deviation = std::sqrt(square - length * length);
      const auto what = fmt::format("d = {}, κ = {}", d, kappa);
      expect_close(estimates[0], length, 0.05 * deviation, what);
      expect_close(estimates[1], square, 0.1 * deviation, what);
      expect_close(estimates[2], 0, 0.05 * std::sqrt(length / kappa), what);
    }
  }
}

TEST(SphericalSlice, KeepsItsEnergiesAndRefusesOtherDomains) {
  Random random(3, "start");
  VonMisesFisherMixture energy(on_sphere(3, torch::kDouble, random), {.concentration = 10});
  const SphericalSlice slice({});
  const Sphere sphere(3);
  auto state = slice.init(sphere.sample_base(100, random, torch::kDouble));
  EXPECT_GT(slice.step(energy, sphere, state, random, 1).energy_evaluations, 200);
  EXPECT_LT(distance(state.energy(), energy.forward(state.positions)), 1e-12);
  expect_contains(user_error([&] { slice.step(energy, Euclidean(3), state, random, 1); }),
                  "on the domain sphere, not on euclidean");
}

// Every kernel by its name and defaults, on a domain that it serves: made, moved, finite.
TEST(Samplers, EveryNameMakesAKernelThatMoves) {
  Registry<Sampler, SamplerContext> samplers("sampler");
  add_samplers(samplers);
  Random random(3, "data");
  const auto sphere = std::make_shared<Sphere>(3);
  const auto data = sphere->sample_base(500, random, torch::kDouble);
  VonMisesFisherMixture energy(on_sphere(3, torch::kDouble, random), {.concentration = 10});
  EXPECT_EQ(samplers.names().size(), 9u);
  for (const auto& name : samplers.names()) {
    const auto sampler = samplers.read({{"name", name}}, "sampler").make({sphere, data, random});
    auto state = sampler->init(data);
    const auto info = sampler->step(energy, *sphere, state, random, 1);
    EXPECT_GT(info.gradient_evaluations + info.energy_evaluations, 0) << name;
    EXPECT_TRUE(torch::isfinite(state.positions).all().item<bool>()) << name;
    EXPECT_FALSE(torch::equal(state.positions, data)) << name;
    EXPECT_NEAR(state.positions.norm(2, 1).sub(1).abs().max().item<double>(), 0, 1e-12) << name;
  }
  expect_contains(user_error([&] {
                    samplers.read({{"name", "mala"}, {"step", 1}}, "sampler");
                  }),
                  "sampler.step");
}

}  // namespace
}  // namespace ebm::testing
