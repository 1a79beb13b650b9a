#include "dualebm/apps/device_check/speed.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <torch/cuda.h>

#include <algorithm>
#include <chrono>
#include <functional>

#include "dualebm/apps/device_check/small_problem.hpp"
#include "dualebm/framework/sampling/langevin.hpp"
#include "dualebm/models/ridge/features.hpp"

namespace ebm {
namespace {

constexpr int repetitions = 9;
constexpr double seconds_of_one =
    0.05;  // that a timing takes at least, so that starting work is small beside it

double seconds_of(torch::Device device, int times, const std::function<void()>& work) {
  if (device.is_cuda()) torch::cuda::synchronize(device.has_index() ? device.index() : -1);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < times; ++i) work();
  if (device.is_cuda()) torch::cuda::synchronize(device.has_index() ? device.index() : -1);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() / times;
}

double median_seconds(torch::Device device, const std::function<void()>& work) {
  for (int i = 0; i < 3; ++i) work();
  const double once = seconds_of(device, 1, work);
  const int times = std::clamp(static_cast<int>(seconds_of_one / std::max(once, 1e-7)), 1, 2000);
  std::vector<double> all;
  for (int i = 0; i < repetitions; ++i) all.push_back(seconds_of(device, times, work));
  std::nth_element(all.begin(), all.begin() + repetitions / 2, all.end());
  return all[repetitions / 2];
}

/// Each of its terms: a product of d, an activation, a multiple of d.
double operations_of(std::int64_t n, std::int64_t m, std::int64_t d) {
  return 4.0 * static_cast<double>(n) * static_cast<double>(m) * static_cast<double>(d);
}

void add_sums(torch::Device device, std::vector<Speed>& all) {
  const bool big = device.is_cuda();
  const std::int64_t n = big ? 1'000'000 : 50'000, m = big ? 1024 : 64, d = 15;
  const auto options = torch::TensorOptions(torch::kFloat).device(device);
  Random random(1, "check-device");
  const auto draw = [&](torch::IntArrayRef sizes) { return random.normal(sizes, torch::kFloat).to(options); };
  const auto x = draw({n, d}), z = draw({m, d}), c = draw({m}), w = draw({n});
  for (const char* name : {"relu", "softplus"}) {
    const Activation sigma(name);
    all.push_back({fmt::format("gradient, {}, N = {}, m = {}, d = {}", name, n, m, d),
                   median_seconds(device, [&] { ridge::gradient(x, z, c, sigma); }), operations_of(n, m, d)});
    all.push_back({fmt::format("moments, {}, N = {}, m = {}, d = {}", name, n, m, d),
                   median_seconds(device, [&] { ridge::moments(x, w, z, sigma); }), operations_of(n, m, d)});
  }
  const auto side = big ? 8192 : 1024;
  const auto a = draw({side, side}), b = draw({side, side});
  all.push_back({fmt::format("LibTorch's matrix product, {} x {}", side, side),
                 median_seconds(device, [&] { a.mm(b); }), 2.0 * side * side * side});
}

void add_steps(torch::Device device, std::vector<Speed>& all) {
  const std::int64_t n = device.is_cuda() ? 4'000'000 : 200'000, d = 15;
  const double bytes = static_cast<double>(n * d) * sizeof(float);
  const SmallProblem problem(device, torch::kFloat, /*spherical=*/true, d, /*neurons=*/1);
  Random random(1, "check-device", device);
  const Langevin chain({.step_size = 0.02});
  auto state = chain.init(problem.points(n));
  all.push_back(
      {fmt::format("Langevin step on the sphere, one neuron, N = {}, d = {}", n, d),
       median_seconds(device, [&] { chain.step(*problem.energy, *problem.domain, state, random, 1); }), 0,
       5 * bytes});
  auto there = torch::empty_like(state.positions);
  all.push_back({fmt::format("LibTorch's copy of as many numbers"),
                 median_seconds(device, [&] { there.copy_(state.positions); }), 0, 2 * bytes});
}

void add_iterations(torch::Device device, std::vector<Speed>& all) {
  for (const bool graph : {true, false}) {
    if (graph && !device.is_cuda()) continue;
    const SmallProblem problem(device, torch::kFloat, /*spherical=*/true, 15, 64, 10'000);
    const auto training = problem.training(graph);
    const auto batch = training->problem().data().train;
    for (int i = 0; i < 10; ++i) training->step(batch);
    all.push_back({fmt::format("iteration of dual_gda{}, n = 10000, N = 20000, m = 64, d = 15",
                               graph ? " by a graph" : ""),
                   median_seconds(device, [&] { training->step(batch); })});
  }
}

}  // namespace

std::vector<Speed> speeds_on(torch::Device device) {
  const torch::NoGradGuard no_grad;
  std::vector<Speed> all;
  add_sums(device, all);
  add_steps(device, all);
  add_iterations(device, all);
  return all;
}

}  // namespace ebm
