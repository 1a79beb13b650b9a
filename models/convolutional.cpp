#include "dualebm/models/convolutional.hpp"

#include <ATen/ATen.h>
#include <fmt/ranges.h>
#include <torch/nn/modules/container/modulelist.h>

#include "dualebm/framework/base/error.hpp"

namespace ebm {

void Convolutional::Options::describe(Fields& fields) {
  fields.integers("image", image, Range::at_least(1), "channels, height and width of a row");
  fields.integers("channels", channels, Range::at_least(1),
                  "output channels of the 3×3 convolutions; each but the first halves the size");
  fields.choice("activation", activation, smooth_activation_names(), "non-linearity σ");
  fields.number("confinement", confinement, Range::positive(),
                "s of the added Gaussian term |x|²/(2 s²), which makes the density integrable; null: none");
}

Convolutional::Convolutional(const EnergyContext& context, const Options& options)
    : image_(checked(options, "convolutional").image),
      activation_(smooth_activation(options.activation)),
      confinement_(options.confinement) {
  require(image_.size() == 3, "energy.image: expected channels, height and width, found {} numbers",
          image_.size());
  const auto numbers = image_[0] * image_[1] * image_[2];
  require(numbers == context.domain->dimension(),
          "energy.image: {} are {} numbers, but domain.dimension is {}; set one of them",
          fmt::join(image_, " × "), numbers, context.domain->dimension());
  require(!options.channels.empty(), "energy.channels: at least one convolution is needed");
  const DefaultGenerator initial(context.random);
  torch::nn::ModuleList list;
  auto channels = image_[0], height = image_[1], width = image_[2];
  for (std::size_t i = 0; i < options.channels.size(); ++i) {
    const std::int64_t stride = i == 0 ? 1 : 2;
    features_.emplace_back(
        torch::nn::Conv2dOptions(channels, options.channels[i], 3).stride(stride).padding(1));
    list->push_back(features_.back());
    channels = options.channels[i];
    height = (height + stride - 1) / stride;
    width = (width + stride - 1) / stride;
  }
  register_module("features", list);
  head_ = register_module("head", torch::nn::Linear(channels * height * width, 1));
  to(context.tensor_options.device(), c10::typeMetaToScalarType(context.tensor_options.dtype()));
}

torch::Tensor Convolutional::forward(const torch::Tensor& x) {
  auto h = x.reshape({-1, image_[0], image_[1], image_[2]});
  for (auto& convolution : features_) h = activation_(convolution->forward(h));
  const auto energy = head_->forward(h.flatten(1)).squeeze(1);
  return confinement_ ? energy + confinement_energy(x, *confinement_) : energy;
}

}  // namespace ebm
