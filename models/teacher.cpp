#include "dualebm/models/teacher.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/problem/quadrature.hpp"
#include "dualebm/models/ridge/features.hpp"

namespace ebm {
namespace {

constexpr std::int64_t most_neurons = 16;  // the bound on E visits every subset
const Activation relu("relu");

double largest_subset_sum(const torch::Tensor& neurons) {
  const auto count = neurons.size(0);
  double largest = 0;
  for (std::int64_t subset = 1; subset < (std::int64_t{1} << count); ++subset) {
    auto sum = torch::zeros({neurons.size(1)}, neurons.options());
    for (std::int64_t j = 0; j < count; ++j) {
      if (subset >> j & 1) sum += neurons[j];
    }
    largest = std::max(largest, sum.norm().item<double>());
  }
  return largest;
}

/// log ∫ exp(-scale Σ_j max(<x, z_j>, 0)) dτ for one or two unit vectors with angle `opening` between them.
///
/// The projection of τ on S^{d-1} to a plane has density (d-2)/(2π) (1-r²)^{(d-4)/2}; with r = sin t the
/// radial factor sin t cos^{d-3} t is smooth, and in the angle the integrand is smooth between the kinks at
/// ±90° from each neuron.
double log_integral_in_plane(std::int64_t dimension, const std::vector<double>& angles, double scale) {
  constexpr double pi = std::numbers::pi;
  std::vector<double> breaks;
  for (const double angle : angles) {
    for (const double kink : {angle - pi / 2, angle + pi / 2}) {
      breaks.push_back(kink - 2 * pi * std::floor(kink / (2 * pi)));
    }
  }
  std::sort(breaks.begin(), breaks.end());
  breaks.push_back(breaks.front() + 2 * pi);
  const auto [node, weight] = gauss_legendre(64);
  const auto t = (node + 1) * (pi / 4);
  const auto radial = weight * (pi / 4) * t.sin() * t.cos().pow(static_cast<double>(dimension - 3));
  auto total = torch::zeros({}, torch::kDouble);
  for (std::size_t i = 0; i + 1 < breaks.size(); ++i) {
    const double half = 0.5 * (breaks[i + 1] - breaks[i]);
    const auto angle = breaks[i] + (node + 1) * half;
    auto profile = torch::zeros_like(angle);
    for (const double neuron : angles) profile += (angle - neuron).cos().clamp_min(0);
    total += ((-scale * at::outer(t.sin(), profile)).exp() * at::outer(radial, weight * half)).sum();
  }
  return std::log(static_cast<double>(dimension - 2) / (2 * pi) * total.item<double>());
}

std::optional<double> closed_log_normalizer(const torch::Tensor& neurons, double scale) {
  const auto count = neurons.size(0), dimension = neurons.size(1);
  if (count > 2 || dimension < 3) return std::nullopt;
  std::vector<double> angles = {0};
  if (count == 2)
    angles.push_back(std::acos(std::clamp(neurons[0].dot(neurons[1]).item<double>(), -1.0, 1.0)));
  return log_integral_in_plane(dimension, angles, scale);
}

}  // namespace

void Teacher::Options::describe(Fields& fields) {
  fields.vectors("neurons", neurons, "neurons z_j, normalised when read");
  fields.number("weight", weight, Range::positive(), "weight w of every neuron, in nats");
  fields.number("sign", sign, Range::between(-1, 1), "sign ε of every neuron, -1 or 1");
}

Teacher::Teacher(const EnergyContext& context, const Options& options)
    : weight_(checked(options, "teacher").weight), sign_(options.sign) {
  const auto count = static_cast<std::int64_t>(options.neurons.size());
  require(count >= 1 && count <= most_neurons, "teacher.neurons: 1 to {} neurons, got {}", most_neurons,
          count);
  require(std::abs(options.sign) == 1, "teacher.sign: -1 or 1, got {}", options.sign);
  const auto dimension = expect_domain<Sphere>(*context.domain, "teacher").dimension();
  auto z = torch::empty({count, dimension}, torch::kDouble);
  for (std::int64_t j = 0; j < count; ++j) {
    const auto& row = options.neurons[static_cast<std::size_t>(j)];
    require(static_cast<std::int64_t>(row.size()) == dimension, "teacher.neurons[{}]: {} numbers, got {}", j,
            dimension, row.size());
    z[j].copy_(torch::tensor(row, torch::kDouble));
    require(z[j].norm().item<double>() > 0, "teacher.neurons[{}]: the zero vector has no direction", j);
  }
  z = z / z.norm(2, 1, true);
  const double share = weight_ / static_cast<double>(count);
  lower_bound_ = sign_ > 0 ? 0.0 : -share * largest_subset_sum(z);
  log_normalizer_ = closed_log_normalizer(z, sign_ * share);
  neurons_ = register_buffer("neurons", z.to(context.tensor_options));
}

torch::Tensor Teacher::coefficients() const {
  return torch::full_like(neurons_.select(1, 0), sign_ * weight_ / static_cast<double>(neurons_.size(0)));
}

torch::Tensor Teacher::forward(const torch::Tensor& x) {
  return ridge::value(x, neurons_, coefficients(), relu);
}

torch::Tensor Teacher::gradient(const torch::Tensor& x) {
  return ridge::gradient(x, neurons_, coefficients(), relu);
}

std::pair<torch::Tensor, torch::Tensor> Teacher::value_and_gradient(const torch::Tensor& x) {
  return ridge::value_and_gradient(x, neurons_, coefficients(), relu);
}

Neurons Teacher::neurons() const {
  const auto ones = torch::ones({neurons_.size(0)}, neurons_.options());
  return {neurons_, weight_ * ones, sign_ * ones};
}

}  // namespace ebm
