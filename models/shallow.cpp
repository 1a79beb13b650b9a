#include "dualebm/models/shallow.hpp"

#include <ATen/ATen.h>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/ball_factor.hpp"
#include "dualebm/framework/problem/gradients.hpp"
#include "dualebm/models/ridge/features.hpp"
#include "dualebm/models/ridge/supremum.hpp"

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
    : RidgeEnergy(Activation(checked(options, "shallow").activation), options.bias),
      cap_(options.total_variation_cap) {
  const auto dimension = dimension_of(*context.domain, "shallow");
  const auto& tensor_options = context.tensor_options;
  const auto z = context.random.normal({options.neurons, dimension + (options.bias ? 1 : 0)}, tensor_options);
  neurons_ = register_parameter("neurons", z / z.norm(2, 1, true));
  weights_ =
      register_parameter("weights", torch::full({options.neurons}, options.initial_weight, tensor_options));
  signs_ = register_buffer("signs", initial_signs(options.signs, options.neurons, tensor_options));
}

RidgeEnergy::Expansion Shallow::expansion() const {
  return {neurons_, signs_ * weights_ / static_cast<double>(weights_.size(0))};
}

void Shallow::accumulate_gradient(const torch::Tensor& x, const torch::Tensor& weight) {
  const torch::NoGradGuard no_grad;
  const auto [direction, feature] = ridge::moments(lifted(x), weight, neurons_, activation());
  add_gradient(neurons_, direction * expansion().coefficients.unsqueeze(1));
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

std::optional<Support> Shallow::support(const torch::Tensor& points, const torch::Tensor& weights,
                                        double tolerance) const {
  const auto rows = lifted(points.to(torch::kDouble));
  const auto search = [&](ridge::Side side) {
    return ridge::supremum(rows, weights, activation(), side, tolerance / cap_, neurons_);
  };
  const bool only_negative = signs_.max().item<double>()<0, only_positive = signs_.min().item<double>()> 0;
  const auto side = only_negative   ? ridge::Side::above
                    : only_positive ? ridge::Side::below
                                    : ridge::Side::both;
  const auto own = search(side);
  Support support{.value = cap_ * std::max(0.0, own.upper),
                  .error = cap_ * (std::max(0.0, own.upper) - std::max(0.0, own.lower)),
                  .proven = own.proven,
                  .neuron = own.neuron};
  const auto feature = [this, sigma = activation(), neuron = own.neuron](const torch::Tensor& x) {
    return sigma.value(lifted(x.to(torch::kCPU, torch::kDouble)).mv(neuron));
  };
  support.with_both_signs = side == ridge::Side::both
                                ? support.value
                                : std::max(support.value, cap_ * search(ridge::Side::both).upper);
  support.sign = only_negative                                     ? -1
                 : only_positive                                   ? 1
                 : weights.dot(feature(points)).item<double>() > 0 ? -1
                                                                   : 1;
  const double size = own.lower > 0 ? support.sign * cap_ : 0;
  support.minimiser = [feature, size](const torch::Tensor& x) { return size * feature(x); };
  return support;
}

}  // namespace ebm
