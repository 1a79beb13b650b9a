#include "dualebm/models/lazy_shallow.hpp"

#include <ATen/ATen.h>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/ball_factor.hpp"
#include "dualebm/framework/problem/gradients.hpp"
#include "dualebm/models/ridge/features.hpp"

namespace ebm {

void LazyShallow::Options::describe(Fields& fields) {
  fields.integer("neurons", neurons, Range::at_least(1), "number m of frozen random features");
  fields.choice("activation", activation, Activation::names(), "σ of the feature φ(x, z) = σ(<x, z>)");
  fields.number("norm_cap", norm_cap, Range::positive(), "β, bound on ((1/m) Σ a_j²)^½, in nats; null: none");
}

LazyShallow::LazyShallow(const EnergyContext& context, const Options& options)
    : RidgeEnergy(Activation(checked(options, "lazy_shallow").activation)), cap_(options.norm_cap) {
  const auto dimension = dimension_of(*context.domain, "lazy_shallow");
  const auto z = context.random.normal({options.neurons, dimension}, context.tensor_options);
  neurons_ = register_buffer("neurons", z / z.norm(2, 1, true));
  coefficients_ = register_parameter("coefficients", torch::zeros({options.neurons}, context.tensor_options));
}

RidgeEnergy::Expansion LazyShallow::expansion() const {
  return {neurons_, coefficients_ / static_cast<double>(neurons_.size(0))};
}

void LazyShallow::accumulate_gradient(const torch::Tensor& x, const torch::Tensor& weight) {
  const torch::NoGradGuard no_grad;
  add_gradient(coefficients_,
               ridge::features(x, weight, neurons_, activation()) / static_cast<double>(neurons_.size(0)));
}

void LazyShallow::project_parameters() {
  if (!cap_) return;
  const torch::NoGradGuard no_grad;
  coefficients_.mul_(ball_factor(coefficients_.square().mean().sqrt(), *cap_));
}

Neurons LazyShallow::neurons() const { return {neurons_, coefficients_, {}}; }

double LazyShallow::norm() const { return coefficients_.square().mean().sqrt().item<double>(); }

std::optional<Support> LazyShallow::support(const torch::Tensor& points, const torch::Tensor& weights,
                                            double /*tolerance*/) const {
  if (!cap_) return std::nullopt;
  const torch::NoGradGuard no_grad;
  const auto z = neurons_.to(torch::kDouble);
  auto h = torch::zeros({z.size(0)}, weights.options());
  constexpr std::int64_t slice = 4096;
  for (std::int64_t begin = 0; begin < points.size(0); begin += slice) {
    const auto count = std::min(slice, points.size(0) - begin);
    const auto features = activation().value(points.narrow(0, begin, count).to(torch::kDouble).mm(z.t()));
    h += features.t().mv(weights.narrow(0, begin, count));
  }
  const double norm = h.square().mean().sqrt().item<double>(), value = *cap_ * norm;
  const auto coefficients = h * (norm > 0 ? -*cap_ / (norm * static_cast<double>(z.size(0))) : 0.0);
  Support support{.value = value, .with_both_signs = value};
  support.minimiser = [z, coefficients, sigma = activation()](const torch::Tensor& x) {
    return sigma.value(x.to(torch::kCPU, torch::kDouble).mm(z.t())).mv(coefficients);
  };
  return support;
}

}  // namespace ebm
