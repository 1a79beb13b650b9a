#include "dualebm/models/shallow.hpp"

#include <ATen/ATen.h>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/ball_factor.hpp"
#include "dualebm/framework/problem/gradients.hpp"
#include "dualebm/models/ridge/features.hpp"

namespace ebm {
namespace {

torch::Tensor initial_signs(const std::string& rule, std::int64_t count,
                            const torch::TensorOptions& options) {
  auto signs = torch::ones({count}, options);
  if (rule == "negative") signs.neg_();
  if (rule == "balanced") signs.narrow(0, 0, count / 2).neg_();
  return signs;
}

}  // namespace

void Shallow::Options::describe(Fields& fields) {
  fields.integer("neurons", neurons, Range::at_least(1), "number m of neurons");
  fields.choice("activation", activation, Activation::names(), "σ of the feature φ(x, z) = σ(<x, z>)");
  fields.boolean("bias", bias, "lift x to (x, 1), so that neurons are half-spaces off the centre too");
  fields.choice("signs", signs, {"negative", "positive", "balanced"},
                "fixed signs ε_j; balanced: half and half");
  fields.number("initial_weight", initial_weight, Range::positive(), "weights w_j at the start");
  fields.number("total_variation_cap", total_variation_cap, Range::positive(),
                "β, bound on TV = (1/m) Σ w_j, in nats");
}

Shallow::Shallow(const EnergyContext& context, const Options& options)
    : activation_(checked(options, "shallow").activation),
      bias_(options.bias),
      cap_(options.total_variation_cap) {
  const auto dimension = expect_domain<Sphere>(*context.domain, "shallow").dimension();
  const auto& tensor_options = context.tensor_options;
  const auto z = context.random.normal({options.neurons, dimension + (bias_ ? 1 : 0)}, tensor_options);
  neurons_ = register_parameter("neurons", z / z.norm(2, 1, true));
  weights_ =
      register_parameter("weights", torch::full({options.neurons}, options.initial_weight, tensor_options));
  signs_ = register_buffer("signs", initial_signs(options.signs, options.neurons, tensor_options));
}

torch::Tensor Shallow::coefficients() const {
  return signs_ * weights_ / static_cast<double>(weights_.size(0));
}

torch::Tensor Shallow::lifted(const torch::Tensor& x) const {
  return bias_ ? torch::cat({x, torch::ones_like(x.narrow(1, 0, 1))}, 1) : x;
}

torch::Tensor Shallow::forward(const torch::Tensor& x) {
  return ridge::value(lifted(x), neurons_, coefficients(), activation_);
}

torch::Tensor Shallow::gradient(const torch::Tensor& x) {
  return ridge::gradient(lifted(x), neurons_, coefficients(), activation_).narrow(1, 0, x.size(1));
}

std::pair<torch::Tensor, torch::Tensor> Shallow::value_and_gradient(const torch::Tensor& x) {
  auto [value, gradient] = ridge::value_and_gradient(lifted(x), neurons_, coefficients(), activation_);
  return {value, gradient.narrow(1, 0, x.size(1))};
}

RowGradient Shallow::row_gradient(const torch::Tensor& like) {
  return bias_ ? nullptr : ridge::row_gradient(like, neurons_, coefficients(), activation_);
}

void Shallow::accumulate_gradient(const torch::Tensor& x, const torch::Tensor& weight) {
  const torch::NoGradGuard no_grad;
  const auto [direction, feature] = ridge::moments(lifted(x), weight, neurons_, activation_);
  add_gradient(neurons_, direction * coefficients().unsqueeze(1));
  add_gradient(weights_, feature * signs_ / static_cast<double>(weights_.size(0)));
}

void Shallow::project_parameters() {
  const torch::NoGradGuard no_grad;
  neurons_.div_(neurons_.norm(2, 1, true));
  weights_.clamp_min_(0);
  weights_.mul_(ball_factor(weights_.mean(), cap_));
}

Neurons Shallow::neurons() const { return {neurons_, weights_, signs_}; }

double Shallow::norm() const { return weights_.mean().item<double>(); }

}  // namespace ebm
