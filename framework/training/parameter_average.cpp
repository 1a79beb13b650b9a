#include "dualebm/framework/training/parameter_average.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

std::vector<torch::Tensor> copies_of_parameters(const Energy& energy) {
  std::vector<torch::Tensor> copies;
  for (const auto& parameter : energy.parameters()) copies.push_back(parameter.detach().clone());
  return copies;
}

void write(const std::vector<torch::Tensor>& values, Energy& energy) {
  const torch::NoGradGuard no_grad;
  auto parameters = energy.parameters();
  for (std::size_t i = 0; i < values.size(); ++i) parameters[i].copy_(values[i]);
}

std::string key_of(std::size_t i) { return fmt::format("parameter_{}", i); }

}  // namespace

ParameterAverage::ParameterAverage(const Energy& energy, double decay)
    : decay_(decay), averages_(copies_of_parameters(energy)) {
  require(decay >= 0 && decay < 1, "average_decay must be in [0, 1), got {}", decay);
}

void ParameterAverage::update(const Energy& energy) {
  const torch::NoGradGuard no_grad;
  const auto t = static_cast<double>(updates_++);
  const double keep = std::min(decay_, (1 + t) / (10 + t));
  const auto parameters = energy.parameters();
  for (std::size_t i = 0; i < averages_.size(); ++i) averages_[i].lerp_(parameters[i], 1 - keep);
}

void ParameterAverage::write_to(Energy& energy) const {
  write(averages_, energy);
  const torch::NoGradGuard no_grad;
  energy.project_parameters();
}

void ParameterAverage::save(torch::serialize::OutputArchive& archive) const {
  archive.write("updates", torch::IValue(updates_));
  for (std::size_t i = 0; i < averages_.size(); ++i) {
    archive.write(key_of(i), averages_[i], /*is_buffer=*/true);
  }
}

void ParameterAverage::load(torch::serialize::InputArchive& archive) {
  torch::IValue updates;
  archive.read("updates", updates);
  updates_ = updates.toInt();
  for (std::size_t i = 0; i < averages_.size(); ++i) {
    torch::Tensor average;
    archive.read(key_of(i), average, /*is_buffer=*/true);
    require(average.sizes() == averages_[i].sizes(), "an averaged parameter has {} numbers instead of {}",
            average.numel(), averages_[i].numel());
    averages_[i] = average.to(averages_[i].options());
  }
}

AveragedParameters::AveragedParameters(Energy& energy, const ParameterAverage* average) : energy_(energy) {
  if (average == nullptr) return;
  live_ = copies_of_parameters(energy);
  try {
    average->write_to(energy);
  } catch (...) {
    restore();
    throw;
  }
}

AveragedParameters::~AveragedParameters() { restore(); }

void AveragedParameters::restore() { write(live_, energy_); }

}  // namespace ebm
