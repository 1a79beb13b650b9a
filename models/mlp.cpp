#include "dualebm/models/mlp.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/nn/modules/container/modulelist.h>

#include <algorithm>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/problem/gradients.hpp"

namespace ebm {

void Mlp::Options::describe(Fields& fields) {
  fields.integers("hidden", hidden, Range::at_least(1), "widths of the hidden layers");
  fields.choice("activation", activation, smooth_activation_names(), "non-linearity σ of the hidden layers");
  fields.boolean("spectral_norm", spectral_norm, "divide hidden weights by their largest singular value");
  fields.number("confinement", confinement, Range::positive(),
                "s of the added Gaussian term |x|²/(2 s²), which makes the density integrable; null: none");
  fields.integer("fourier_features", fourier_features, Range::at_least(0),
                 "F frequencies b, whose cos <b, x> and sin <b, x> the first layer sees beside x; 0: none");
  fields.numbers("fourier_scales", fourier_scales, Range::positive(),
                 "σ of frequencies at the start in turn, in radians per unit of x; several: coarse and fine");
  fields.boolean("learn_frequencies", learn_frequencies, "train the frequencies too");
}

Mlp::Mlp(const EnergyContext& context, const Options& options)
    : activation_name_(checked(options, "mlp").activation),
      activation_(smooth_activation(activation_name_)),
      confinement_(options.confinement) {
  const DefaultGenerator initial(context.random);
  torch::nn::ModuleList list;
  auto width = add_features(context, options);
  auto widths = options.hidden;
  widths.push_back(1);
  for (const auto next : widths) {
    layers_.emplace_back(width, next);
    list->push_back(layers_.back());
    width = next;
  }
  register_module("layers", list);
  for (std::size_t i = 0; options.spectral_norm && i + 1 < layers_.size(); ++i) {
    const auto& w = layers_[i]->weight;
    left_.push_back(register_buffer(fmt::format("left_{}", i), at::ones({w.size(0)})));
    right_.push_back(register_buffer(fmt::format("right_{}", i), at::ones({w.size(1)})));
  }
  to(context.tensor_options.device(), c10::typeMetaToScalarType(context.tensor_options.dtype()));
  const torch::NoGradGuard no_grad;
  for (int iteration = 0; iteration < 30; ++iteration) project_parameters();
}

std::int64_t Mlp::add_features(const EnergyContext& context, const Options& options) {
  const auto d = context.domain->dimension(), count = options.fourier_features;
  if (count == 0) return d;
  require(!options.fourier_scales.empty(), "energy.fourier_scales: there are none");
  auto b = context.random.normal({count, d}, torch::kDouble);
  for (std::int64_t i = 0; i < count; ++i)
    b[i].mul_(options.fourier_scales[static_cast<std::size_t>(i) % options.fourier_scales.size()]);
  b = b.to(context.tensor_options);
  frequencies_ =
      options.learn_frequencies ? register_parameter("frequencies", b) : register_buffer("frequencies", b);
  return d + 2 * count;
}

torch::Tensor Mlp::weight(std::size_t layer) const {
  const auto& w = layers_[layer]->weight;
  return layer < left_.size() ? w / left_[layer].dot(w.mv(right_[layer])) : w;
}

perceptron::Parameters Mlp::registered() const {
  perceptron::Parameters all{
      .weights = {}, .biases = {}, .activation = activation_name_, .confinement = confinement_};
  for (const auto& layer : layers_) {
    all.weights.push_back(layer->weight);
    all.biases.push_back(layer->bias);
  }
  return all;
}

perceptron::Parameters Mlp::parameters_now() const {
  auto now = registered();
  for (std::size_t i = 0; i < left_.size(); ++i) now.weights[i] = weight(i);
  return now;
}

bool Mlp::is_fused(const torch::Tensor& x) const {
  return !frequencies_.defined() && perceptron::has_kernel(x, registered());
}

torch::Tensor Mlp::forward(const torch::Tensor& x) {
  const auto now = parameters_now();
  if (!perceptron::is_followed(x, now) && is_fused(x)) return perceptron::value(x, now);
  auto h = x;
  if (frequencies_.defined()) {
    const auto u = x.matmul(frequencies_.t());
    h = torch::cat({x, u.cos(), u.sin()}, 1);
  }
  for (std::size_t i = 0; i + 1 < layers_.size(); ++i) {
    h = activation_(at::linear(h, now.weights[i], now.biases[i]));
  }
  const auto energy = at::linear(h, now.weights.back(), now.biases.back()).squeeze(1);
  return confinement_ ? energy + confinement_energy(x, *confinement_) : energy;
}

torch::Tensor Mlp::gradient(const torch::Tensor& x) { return value_and_gradient(x).second; }

std::pair<torch::Tensor, torch::Tensor> Mlp::value_and_gradient(const torch::Tensor& x) {
  if (!is_fused(x)) return Energy::value_and_gradient(x);
  const torch::NoGradGuard no_grad;
  return perceptron::value_and_gradient(x, parameters_now());
}

RowGradient Mlp::row_gradient(const torch::Tensor& like) {
  if (!is_fused(like)) return nullptr;
  const torch::NoGradGuard no_grad;
  return perceptron::row_gradient(like, parameters_now());
}

void Mlp::accumulate_gradient(const torch::Tensor& x, const torch::Tensor& weight) {
  if (!is_fused(x)) return Energy::accumulate_gradient(x, weight);
  const auto wanted = [](const torch::Tensor& parameter) { return parameter.requires_grad(); };
  const auto all = parameters();
  if (std::none_of(all.begin(), all.end(), wanted)) return;
  const torch::AutoGradMode with_graph(!left_.empty());  // of the division by the spectral norm
  const auto now = parameters_now();
  const auto slopes = perceptron::weighted_gradients(x, weight, now);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    auto& w = layers_[i]->weight;
    const bool divided = i < left_.size() && w.requires_grad();
    add_gradient(w, divided ? torch::autograd::grad({now.weights[i]}, {w}, {slopes.weights[i]})[0]
                            : slopes.weights[i]);
    add_gradient(layers_[i]->bias, slopes.biases[i]);
  }
}

void Mlp::project_parameters() {
  for (std::size_t i = 0; i < left_.size(); ++i) {
    const auto& w = layers_[i]->weight;
    const auto right = w.t().mv(left_[i]);
    right_[i].copy_(right / right.norm());
    const auto left = w.mv(right_[i]);
    left_[i].copy_(left / left.norm());
  }
}

}  // namespace ebm
