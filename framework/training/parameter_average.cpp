#include "dualebm/framework/training/parameter_average.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/problem/parameters.hpp"

namespace ebm {
namespace {

std::vector<torch::Tensor> copies_of_parameters(const Energy& energy) {
  std::vector<torch::Tensor> copies;
  for (const auto& parameter : distinct_parameters(energy)) copies.push_back(parameter.detach().clone());
  return copies;
}

void write(const std::vector<torch::Tensor>& values, Energy& energy) {
  const torch::NoGradGuard no_grad;
  auto parameters = distinct_parameters(energy);
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
  const auto parameters = distinct_parameters(energy);
  for (std::size_t i = 0; i < averages_.size(); ++i) averages_[i].lerp_(parameters[i], 1 - keep);
}

void ParameterAverage::write_to(Energy& energy) const {
  write(averages_, energy);
  const torch::NoGradGuard no_grad;
  energy.project_parameters();
}

void ParameterAverage::save(State& state) const {
  state.write("updates", updates_);
  for (std::size_t i = 0; i < averages_.size(); ++i) state.write(key_of(i), averages_[i]);
}

void ParameterAverage::load(const State& state) {
  updates_ = state.integer("updates");
  for (std::size_t i = 0; i < averages_.size(); ++i) {
    averages_[i] = state.tensor_like(key_of(i), averages_[i]).clone();
  }
}

AveragedParameters::AveragedParameters(Energy& energy, const ParameterAverage* average) : energy_(energy) {
  if (average == nullptr) return;
  live_.emplace(energy);
  try {
    average->write_to(energy);
  } catch (...) {
    live_->write_to(energy);
    throw;
  }
}

AveragedParameters::~AveragedParameters() {
  if (live_) live_->write_to(energy_);
}

}  // namespace ebm
