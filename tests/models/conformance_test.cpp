#include "dualebm/framework/problem/conformance.hpp"

#include <ATen/ATen.h>

#include "dualebm/framework/problem/parameters.hpp"
#include "dualebm/models/convolutional.hpp"
#include "dualebm/models/gaussian.hpp"
#include "dualebm/models/lazy_shallow.hpp"
#include "dualebm/models/mlp.hpp"
#include "dualebm/models/shallow.hpp"
#include "dualebm/models/teacher.hpp"
#include "dualebm/models/von_mises_fisher.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// No alarm at the start, nor where gradient ascent on Σ ±E has taken the energy.
void expect_conformance(Energy& energy, const Domain& domain, const std::string& where) {
  Random random(6, "conformance_test");
  const auto expect = [&](const char* when) {
    const auto found = check(energy, domain, random);
    EXPECT_TRUE(found.holds()) << where << ", " << when << ": " << found.message();
  };
  expect("at the start");
  const auto options = tensor_options_of(energy, torch::kFloat);
  const auto x = domain.sample_base(64, random, options);
  const auto weight = random.normal({64}, options).sign() / 64;
  for (int step = 0; step < 30; ++step) {
    energy.zero_grad();
    energy.accumulate_gradient(x, weight);
    const torch::NoGradGuard no_grad;
    for (auto& parameter : energy.parameters()) {
      if (!parameter.grad().defined()) continue;
      parameter.add_(parameter.grad() / parameter.grad().norm().clamp_min(1e-12) *
                     parameter.norm().clamp_min(1) * 0.03);
    }
    energy.project_parameters();
  }
  expect("after thirty steps");
}

TEST(BuiltIn, EnergiesRaiseNoAlarm) {
  const auto sphere = std::make_shared<Sphere>(3), far = std::make_shared<Sphere>(15);
  const auto plane = std::make_shared<Euclidean>(2), pixels = std::make_shared<Euclidean>(64, 0.5);
  for (const auto type : {torch::kFloat, torch::kDouble}) {
    Random random(7, "conformance_test");
    const EnergyContext on_plane{plane, type, random}, on_pixels{pixels, type, random};
    const auto name = [&](const std::string& text) {
      return text + (type == torch::kFloat ? " float" : " double");
    };
    for (const char* activation : {"relu", "squared_relu", "softplus"}) {
      for (const bool bias : {false, true}) {
        Shallow shallow(on_sphere(3, type, random),
                        {.activation = activation, .bias = bias, .signs = "balanced"});
        expect_conformance(shallow, *sphere, name(std::string("shallow ") + activation));
      }
    }
    Shallow wide(on_sphere(15, type, random), {});
    expect_conformance(wide, *far, name("shallow, 15 dimensions"));
    LazyShallow lazy(on_sphere(3, type, random), {.neurons = 100});
    expect_conformance(lazy, *sphere, name("lazy"));
    Teacher teacher(on_sphere(3, type), {.neurons = {{1, 0, 0}, {0, 1, 1}}});
    expect_conformance(teacher, *sphere, name("teacher"));
    Gaussian gaussian(on_euclidean(2, type), {.mean = {0.5}, .deviation = {2}});
    expect_conformance(gaussian, *plane, name("gaussian"));
    for (const double concentration : {0.1, 5., 100.}) {
      VonMisesFisherMixture mixture(on_sphere(3, type, random),
                                    {.components = 3, .concentration = concentration});
      expect_conformance(mixture, *sphere, name("von_mises_fisher"));
    }
    for (const bool spectral_norm : {false, true}) {
      Mlp mlp(on_plane, {.hidden = {32, 32}, .spectral_norm = spectral_norm});
      expect_conformance(mlp, *plane, name("mlp"));
    }
    for (const bool learnt : {false, true}) {
      Mlp fourier(
          on_sphere(3, type, random),
          {.hidden = {16, 16}, .fourier_features = 8, .fourier_scales = {1, 5}, .learn_frequencies = learnt});
      expect_conformance(fourier, *sphere, name("mlp with Fourier features"));
    }
    Convolutional convolutional(on_pixels, {.image = {1, 8, 8}, .channels = {4, 8}});
    expect_conformance(convolutional, *pixels, name("convolutional"));
  }
}

}  // namespace
}  // namespace ebm::testing
