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
    : activation_(checked(options, "lazy_shallow").activation), cap_(options.norm_cap) {
  const auto dimension = expect_domain<Sphere>(*context.domain, "lazy_shallow").dimension();
  const auto z = context.random.normal({options.neurons, dimension}, context.tensor_options);
  neurons_ = register_buffer("neurons", z / z.norm(2, 1, true));
  coefficients_ = register_parameter("coefficients", torch::zeros({options.neurons}, context.tensor_options));
}

torch::Tensor LazyShallow::scaled_coefficients() const {
  return coefficients_ / static_cast<double>(neurons_.size(0));
}

torch::Tensor LazyShallow::forward(const torch::Tensor& x) {
  return ridge::value(x, neurons_, scaled_coefficients(), activation_);
}

torch::Tensor LazyShallow::gradient(const torch::Tensor& x) {
  return ridge::gradient(x, neurons_, scaled_coefficients(), activation_);
}

std::pair<torch::Tensor, torch::Tensor> LazyShallow::value_and_gradient(const torch::Tensor& x) {
  return ridge::value_and_gradient(x, neurons_, scaled_coefficients(), activation_);
}

RowGradient LazyShallow::row_gradient(const torch::Tensor& like) {
  return ridge::row_gradient(like, neurons_, scaled_coefficients(), activation_);
}

void LazyShallow::accumulate_gradient(const torch::Tensor& x, const torch::Tensor& weight) {
  const torch::NoGradGuard no_grad;
  add_gradient(coefficients_,
               ridge::features(x, weight, neurons_, activation_) / static_cast<double>(neurons_.size(0)));
}

void LazyShallow::project_parameters() {
  if (!cap_) return;
  const torch::NoGradGuard no_grad;
  coefficients_.mul_(ball_factor(coefficients_.square().mean().sqrt(), *cap_));
}

Neurons LazyShallow::neurons() const { return {neurons_, coefficients_, {}}; }

double LazyShallow::norm() const { return coefficients_.square().mean().sqrt().item<double>(); }

}  // namespace ebm
