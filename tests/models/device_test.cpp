#include "tests/support/contexts.hpp"
#include "tests/support/devices.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <limits>

#include "dualebm/framework/sampling/langevin.hpp"
#include "dualebm/models/gaussian.hpp"
#include "dualebm/models/lazy_shallow.hpp"
#include "dualebm/models/models.hpp"
#include "dualebm/models/ridge/activation.hpp"
#include "dualebm/models/ridge/device_sums.hpp"
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
      energies.push_back(std::make_shared<Shallow>(on_sphere(d, torch::kDouble, random), options));
    }
    Random random(7, "device_test");
    energies.push_back(std::make_shared<LazyShallow>(
        on_sphere(d, torch::kDouble, random), LazyShallow::Options{.neurons = m, .activation = activation}));
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

/// Multiples of 1/8 in [-1, 1]: products and sums of a few of them are exact in float,
/// and 0 is often among them.
torch::Tensor eighths(Random& random, torch::IntArrayRef sizes) {
  return (random.uniform(sizes, torch::kDouble) * 17).floor().sub(8).div(8);
}

/// The sums of ridge features in double on the CPU, and of their absolute values,
/// which bound rounding errors.
struct RidgeReference {
  RidgeReference(const torch::Tensor& rows, const torch::Tensor& others, const torch::Tensor& weights,
                 const Activation& sigma)
      : u(rows.mm(others.t())) {
    const auto slope = sigma.kind() == ActivationKind::softplus       ? u.sigmoid()
                       : sigma.kind() == ActivationKind::squared_relu ? 2 * u.clamp_min(0)
                                                                      : (u > 0).to(torch::kDouble);
    direction = (slope * weights).mm(others);
    feature = sigma.value(u).mv(weights);
    direction_size = (slope * weights.abs()).mm(others.abs());
    feature_size = sigma.value(u).mv(weights.abs());
  }

  torch::Tensor u, direction, feature, direction_size, feature_size;
};

/// A view of the first columns of a wider tensor, as a bias makes them.
torch::Tensor narrowed(const torch::Tensor& x, const torch::TensorOptions& options) {
  return torch::cat({x, torch::full_like(x.narrow(1, 0, 1), 99)}, 1).to(options).narrow(1, 0, x.size(1));
}

void expect_sums(const torch::Tensor& found, const torch::Tensor& expected, const torch::Tensor& size,
                 const Activation& sigma, std::int64_t terms) {
  const auto error = (found.cpu().to(torch::kDouble) - expected).abs();
  if (sigma.kind() == ActivationKind::relu) {
    EXPECT_EQ(error.max().item<double>(), 0) << "sums of multiples of 1/512 are exact";
    return;
  }
  // A sum of n terms errs by n units in the last place of the sum of their sizes at
  // most, and a term by a few.
  const double unit = found.scalar_type() == torch::kFloat ? 0x1p-24 : 0x1p-53;
  EXPECT_LE((error - static_cast<double>(terms + 20) * unit * size).max().item<double>(), 0);
}

// Every room in registers with coordinates that fill it and that do not, and more than there is room for; one
// row and several blocks of them, one row to a thread and two, one other and several tiles and chunks;
// tensors that are not contiguous.
TEST_P(OnDevice, RidgeSumsAreThoseOfTheCpuInDouble) {
  EBM_NEEDS_DEVICE(GetParam());
  const torch::Device device(GetParam());
  namespace sums = ridge::on_device;
  for (const std::int64_t d : {1, 2, 3, 4, 5, 8, 9, 12, 13, 15, 16, 17}) {
    for (const auto& [n, m] : {std::pair{1, 1}, {1, 1025}, {5000, 1}, {300, 1025}, {9000, 1000}}) {
      if (n == 9000 && d != 15) continue;  // takes a second
      Random random(static_cast<std::uint64_t>(d), "device_test");
      const auto x = eighths(random, {n, d}), z = eighths(random, {m, d});
      const auto c = eighths(random, {m}), w = eighths(random, {n});
      for (const auto& name : Activation::names()) {
        const Activation sigma(name);
        const RidgeReference at_points(x, z, c, sigma), at_neurons(z, x, w, sigma);
        for (const auto type : {torch::kFloat, torch::kDouble}) {
          SCOPED_TRACE(fmt::format("{} {} d = {}, n = {}, m = {}", name, c10::toString(type), d, n, m));
          const auto options = torch::TensorOptions(type).device(device);
          const auto points = narrowed(x, options), neurons = narrowed(z, options);
          const auto coefficients = c.to(options), weights = w.to(options);
          expect_sums(sums::value(points, neurons, coefficients, sigma), at_points.feature,
                      at_points.feature_size, sigma, m);
          expect_sums(sums::gradient(points, neurons, coefficients, sigma), at_points.direction,
                      at_points.direction_size, sigma, m);
          const auto moments = sums::moments(points, weights, neurons, sigma);
          expect_sums(moments.direction, at_neurons.direction, at_neurons.direction_size, sigma, n);
          expect_sums(moments.feature, at_neurons.feature, at_neurons.feature_size, sigma, n);
        }
      }
    }
  }
}

TEST_P(OnDevice, WhatIsNotANumberStaysNone) {
  EBM_NEEDS_DEVICE(GetParam());
  for (const std::int64_t d : {3, 15, 17}) {
    Random random(1, "device_test");
    auto x = random.normal({1000, d}, torch::kFloat);
    x[700][d - 1] = std::numeric_limits<float>::quiet_NaN();
    const auto z = random.normal({64, d}, torch::kFloat), c = random.normal({64}, torch::kFloat);
    const torch::Device device(GetParam());
    for (const auto& name : Activation::names()) {
      const auto gradient =
          ridge::on_device::gradient(x.to(device), z.to(device), c.to(device), Activation(name)).cpu();
      const auto bad = gradient.isfinite().logical_not().any(1);
      EXPECT_TRUE(bad[700].item<bool>()) << name << " " << d;
      EXPECT_EQ(bad.sum().item<std::int64_t>(), 1) << name << " " << d;
    }
  }
}

// The noise is that of the CPU to rounding, so the step is: whole groups of normals in a block and parts of
// them, one row to a block, antithetic pairs and none.
TEST_P(OnDevice, LangevinStepsAreThoseOfTheCpu) {
  EBM_NEEDS_DEVICE(GetParam());
  const torch::Device device(GetParam());
  for (const auto type : {torch::kFloat, torch::kDouble}) {
    for (const std::int64_t d : {1, 3, 15, 100, 2000}) {
      for (const bool antithetic : {true, false}) {
        for (const bool spherical : {true, false}) {
          const auto domain =
              spherical ? std::shared_ptr<Domain>(std::make_shared<Sphere>(std::max<std::int64_t>(2, d)))
                        : std::make_shared<Euclidean>(d);
          const auto columns = spherical ? std::max<std::int64_t>(2, d) : d;
          Random start(1, "start"), initial(7, "device_test"), here(5, "noise"), there(5, "noise", device);
          const auto x = domain->sample_base(258, start, type);
          const std::shared_ptr<Energy> energy =
              columns > 1 ? std::shared_ptr<Energy>(std::make_shared<Shallow>(
                                on_sphere(columns, type, initial), Shallow::Options{.neurons = 4}))
                          : std::make_shared<Gaussian>(on_euclidean(columns, type), Gaussian::Options{});
          const Langevin chain({.step_size = 0.05, .antithetic = antithetic});
          auto expected = chain.init(x);
          for (int i = 0; i < 3; ++i) chain.step(*energy, *domain, expected, here, 1);
          energy->to(device);
          auto found = chain.init(x.to(device));
          for (int i = 0; i < 3; ++i) chain.step(*energy, *domain, found, there, 1);
          const double scale = expected.positions.abs().max().item<double>();
          EXPECT_LT(distance(found.positions.cpu(), expected.positions),
                    (type == torch::kFloat ? 1e-5 : 1e-13) * scale)
              << c10::toString(type) << " d = " << d << " " << antithetic << spherical;
        }
      }
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
  Shallow flat(on_sphere(3, torch::kDouble, initial), {.neurons = 4, .initial_weight = 1e-12});
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
