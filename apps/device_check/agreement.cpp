#include "dualebm/apps/device_check/agreement.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>

#include "dualebm/apps/device_check/small_problem.hpp"
#include "dualebm/framework/problem/parameters.hpp"
#include "dualebm/framework/sampling/langevin.hpp"
#include "dualebm/models/ridge/features.hpp"

namespace ebm {
namespace {

const char* name_of(torch::ScalarType type) { return type == torch::kFloat ? "float32" : "float64"; }

double unit_of(torch::ScalarType type) { return type == torch::kFloat ? 0x1p-24 : 0x1p-53; }

/// Sums in double on the CPU, and the sums of their terms' sizes.
struct Sums {
  torch::Tensor value, size;
};

struct RidgeReference {
  RidgeReference(const torch::Tensor& rows, const torch::Tensor& others, const torch::Tensor& weights,
                 const Activation& sigma) {
    const auto u = rows.mm(others.t());
    auto leaf = u.clone().set_requires_grad(true);
    const torch::AutoGradMode graph(true);
    const auto slope = torch::autograd::grad({sigma.value(leaf).sum()}, {leaf})[0];
    const torch::NoGradGuard none;
    direction = Sums{(slope * weights).mm(others), (slope * weights).abs().mm(others.abs())};
    feature = Sums{sigma.value(u).mv(weights), sigma.value(u).abs().mv(weights.abs())};
  }
  Sums direction, feature;
};

double error_of(const torch::Tensor& found, const Sums& expected, std::int64_t terms) {
  const double allowed = static_cast<double>(terms + 20) * unit_of(found.scalar_type());
  const auto error = (found.cpu().to(torch::kDouble) - expected.value).abs();
  return (error / (allowed * expected.size).clamp_min(1e-300)).max().item<double>();
}

/// @param values  numbers that are exact in single precision
torch::Tensor exact(const torch::Tensor& values) { return values.to(torch::kFloat).to(torch::kDouble); }

void add_sums(torch::Device device, const Activation& sigma, const std::string& name, torch::ScalarType type,
              std::vector<Agreement>& all) {
  double value = 0, gradient = 0, moments = 0;
  for (const std::int64_t d : {3, 15, 40}) {
    constexpr std::int64_t n = 5000, m = 300;
    Random random(static_cast<std::uint64_t>(d), "check-device");
    const auto x = exact(random.normal({n, d}, torch::kDouble)),
               z = exact(random.normal({m, d}, torch::kDouble));
    const auto c = exact(random.normal({m}, torch::kDouble)), w = exact(random.normal({n}, torch::kDouble));
    const auto options = torch::TensorOptions(type).device(device);
    const RidgeReference at_points(x, z, c, sigma), at_neurons(z, x, w, sigma);
    const auto points = x.to(options), neurons = z.to(options);
    const auto [f, slope] = ridge::value_and_gradient(points, neurons, c.to(options), sigma);
    const auto sums = ridge::moments(points, w.to(options), neurons, sigma);
    value = worse_of(value, error_of(f, at_points.feature, m));
    gradient = worse_of(gradient, error_of(slope, at_points.direction, m));
    moments = worse_of(moments, worse_of(error_of(sums.direction, at_neurons.direction, n),
                                         error_of(sums.feature, at_neurons.feature, n)));
  }
  for (const auto& [what, error] : {std::pair{"energy", value}, {"gradient", gradient}, {"moments", moments}})
    all.push_back({fmt::format("{}, {}, {}", what, name, name_of(type)), error});
}

double largest(const torch::Tensor& a, const torch::Tensor& b) {
  return (a.cpu().to(torch::kDouble) - b.to(torch::kDouble)).abs().max().item<double>();
}

/// Logarithms and roots of another library differ in some last places.
constexpr double units_of_functions = 64;

void add_noise(torch::Device device, torch::ScalarType type, std::vector<Agreement>& all) {
  Random here(5, "check-device"), there(5, "check-device", device);
  const auto options = torch::TensorOptions(type);
  const double allowed = units_of_functions * unit_of(type);
  const auto numbers = here.normal({100'000}, options);
  all.push_back({fmt::format("normals, {}", name_of(type)),
                 largest(there.normal({100'000}, options.device(device)), numbers) / (6 * allowed)});
  for (const bool spherical : {true, false}) {
    SmallProblem reference(torch::kCPU, type, spherical), on_device(device, type, spherical);
    Random noise(6, "check-device"), same(6, "check-device", device);
    const Langevin chain({.step_size = 0.02});
    auto expected = chain.init(reference.points(2000)), found = chain.init(on_device.points(2000));
    for (int i = 0; i < 3; ++i) {
      chain.step(*reference.energy, *reference.domain, expected, noise, 1);
      chain.step(*on_device.energy, *on_device.domain, found, same, 1);
    }
    all.push_back({fmt::format("Langevin step on {}, {}", spherical ? "the sphere" : "R^d", name_of(type)),
                   largest(found.positions, expected.positions) / (10 * allowed)});
  }
}

}  // namespace

double worse_of(double a, double b) { return std::isnan(a) || a >= b ? a : b; }

std::vector<Agreement> agreements_on(torch::Device device) {
  std::vector<Agreement> all;
  for (const auto type : {torch::kFloat, torch::kDouble}) {
    for (const auto& name : Activation::names()) add_sums(device, Activation(name), name, type, all);
    add_noise(device, type, all);
  }
  return all;
}

GraphAgreement graph_agreement_on(torch::Device device) {
  constexpr int iterations = 15;
  const auto trained = [&](bool graph, GraphAgreement* about) {
    SmallProblem problem(device, torch::kFloat, /*spherical=*/true);
    const auto training = problem.training(graph);
    for (int i = 0; i < iterations; ++i) training->step(training->problem().data().train);
    training->require_finite();
    if (about) {
      about->replays = training->executor().replays();
      about->why_not = training->executor().why_not();
    }
    std::vector<torch::Tensor> all = {training->trainer().particles().flatten()};
    for (const auto& parameter : distinct_parameters(training->energy()))
      all.push_back(parameter.detach().flatten());
    return torch::cat(all).cpu();
  };
  GraphAgreement agreement;
  const auto replayed = trained(true, &agreement), eager = trained(false, nullptr);
  agreement.same_bits = torch::equal(replayed, eager);
  return agreement;
}

}  // namespace ebm
