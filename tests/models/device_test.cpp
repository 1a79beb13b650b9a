#include "tests/support/devices.hpp"

#include <ATen/ATen.h>

#include "dualebm/framework/sampling/langevin.hpp"
#include "dualebm/models/lazy_shallow.hpp"
#include "dualebm/models/models.hpp"
#include "dualebm/models/shallow.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

class OnDevice : public ::testing::TestWithParam<std::string> {};

/// As (m, d, N): one kernel and the other, one chunk and several, what only matrix products take.
constexpr std::int64_t device_sizes[][3] = {
    {64, 3, 1000}, {7, 3, 20'000}, {200, 15, 3000}, {33, 16, 100}, {40, 40, 700}};

std::vector<std::shared_ptr<Energy>> energies_on(torch::Device device, std::int64_t m, std::int64_t d) {
  std::vector<std::shared_ptr<Energy>> energies;
  for (const auto& activation : Activation::names()) {
    for (const bool bias : {false, true}) {
      Random random(7, "device_test");
      Shallow::Options options{.neurons = m, .activation = activation, .bias = bias, .signs = "balanced"};
      energies.push_back(std::make_shared<Shallow>(d, options, random, torch::kDouble));
    }
    Random random(7, "device_test");
    energies.push_back(std::make_shared<LazyShallow>(
        d, LazyShallow::Options{.neurons = m, .activation = activation}, random, torch::kDouble));
    const torch::NoGradGuard no_grad;
    energies.back()->named_parameters()["coefficients"].copy_(random.normal({m}, torch::kDouble));
  }
  for (auto& energy : energies) energy->to(device);
  return energies;
}

void expect_close(const torch::Tensor& a, const torch::Tensor& reference) {
  const auto scale = std::max(1.0, reference.abs().max().item<double>());
  EXPECT_LT(distance(a.cpu(), reference.cpu()), 1e-11 * scale);
}

TEST_P(OnDevice, ShallowGradientsAndEnergiesAgreeWithAutograd) {
  EBM_NEEDS_DEVICE(GetParam());
  const torch::Device device(GetParam());
  for (const auto& [m, d, n] : device_sizes) {
    Random random(3, "points");
    const auto x = (0.3 * random.normal({n, d}, torch::kDouble)).to(device);
    const auto weight = random.normal({n}, torch::kDouble).to(device);
    for (const auto& energy : energies_on(device, m, d)) {
      ByAutograd reference(energy);
      expect_close(energy->gradient(x), reference.gradient(x));
      const auto with_graph = energy->forward(x).detach();
      const torch::NoGradGuard no_grad;
      expect_close(energy->forward(x), with_graph);
      energy->accumulate_gradient(x, weight);
      std::vector<torch::Tensor> gradients;
      for (const auto& parameter : energy->parameters()) gradients.push_back(parameter.grad().clone());
      energy->zero_grad(true);
      reference.accumulate_gradient(x, weight);
      for (std::size_t i = 0; i < gradients.size(); ++i)
        expect_close(gradients[i], energy->parameters()[i].grad());
    }
  }
}

// Twenty thousand independent steps from the pole, h = 0.01 and no drift: E x_3 = 1 - (d - 1) h + O(h²), with
// standard error h √(2 (d - 1) / 2 / N); antithetic halves mirror each other's tangential parts.
TEST_P(OnDevice, LangevinStepsHaveTheNoiseTheyShould) {
  EBM_NEEDS_DEVICE(GetParam());
  const torch::Device device(GetParam());
  Random random(5, "particles", device);
  const std::int64_t n = 20'000;
  const auto pole = torch::tensor({0.0, 0.0, 1.0}, torch::kDouble).expand({n, 3}).contiguous().to(device);
  Random initial(7, "device_test");
  Shallow flat(3, {.neurons = 4, .initial_weight = 1e-12}, initial, torch::kDouble);
  flat.to(device);
  const Langevin chain({.step_size = 0.01});
  auto state = chain.init(pole);
  chain.step(flat, Sphere(3), state, random, 1);
  const auto x = state.positions.cpu();
  EXPECT_LT((x.norm(2, 1) - 1).abs().max().item<double>(), 1e-14);
  EXPECT_NEAR(x.select(1, 2).mean().item<double>(), 1 - 2 * 0.01, 3e-4 + 4 * 0.02 / std::sqrt(double(n)));
  // The retraction divides by the third coordinate: what is left of the noise's other two are its odd parts.
  const auto first = x.narrow(0, 0, n / 2), second = x.narrow(0, n / 2, n / 2);
  EXPECT_LT(((first.select(1, 0) > 0) == (second.select(1, 0) > 0)).sum().item<std::int64_t>(), 1);
  const auto before = state.positions.clone();
  chain.step(flat, Sphere(3), state, random, 1);
  EXPECT_GT(distance(before.cpu(), state.positions.cpu()), 0.1) << "the second draw must be another";
}

TEST_P(OnDevice, StatesOfStreamsRestoreTheirDraws) {
  EBM_NEEDS_DEVICE(GetParam());
  const torch::Device device(GetParam());
  Random random(5, "particles", device);
  const auto options = torch::TensorOptions(torch::kFloat).device(device);
  random.normal({10}, options);
  const auto state = random.state();
  const auto draws = [&] {
    return torch::cat({random.normal({999}, options), random.uniform({9}, options),
                       random.subset(1000, 20).to(options), random.normal({3}, options)});
  };
  const auto first = draws();
  EXPECT_FALSE(torch::equal(first, draws()));
  random.set_state(state);
  EXPECT_TRUE(torch::equal(first, draws()));
}

TEST_P(OnDevice, SubsetsAreDistinctAndEveryNumberComesAsOften) {
  EBM_NEEDS_DEVICE(GetParam());
  Random random(5, "subset", torch::Device(GetParam()));
  auto seen = torch::zeros({20}, torch::kLong);
  for (int i = 0; i < 500; ++i) {
    const auto count = torch::bincount(random.subset(20, 4).cpu(), {}, 20);
    ASSERT_EQ(count.sum().item<std::int64_t>(), 4);
    ASSERT_EQ(count.max().item<std::int64_t>(), 1);
    seen += count;
  }
  // Binomial(500, 1/5): 100 ± 8.9.
  EXPECT_LT((seen - 100).abs().max().item<double>(), 4.5 * 8.9);
}

INSTANTIATE_TEST_SUITE_P(Devices, OnDevice, devices(), [](const auto& named) { return named.param; });

}  // namespace
}  // namespace ebm::testing
