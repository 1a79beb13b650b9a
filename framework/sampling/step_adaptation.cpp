#include "dualebm/framework/sampling/step_adaptation.hpp"

#include <ATen/ATen.h>

#include <cmath>

namespace ebm {
namespace {

constexpr double gain_at_first = 20, gain_delay = 100, least_gain = 0.02, averaging_power = -0.75,
                 spread_at_mala = 0.2445;
// e^±40: beyond, a step is nothing or everything in any unit, and its square still finite.
constexpr double greatest_logarithm = 40;

const char* used(const Sampler::State& state) { return state.adapting ? "log_step" : "log_step_average"; }

}  // namespace

torch::Tensor StepAdaptation::step(Sampler::State& state, KernelMemory& memory) const {
  auto& values = memory.values;
  if (values.find("log_step") == values.end()) {
    const auto options = state.positions.options().dtype(torch::kDouble);
    values["log_step"] = torch::full({count_}, std::log(initial_), options);
    values["log_step_average"] = values["log_step"].clone();
    values["adaptations"] = torch::zeros({}, options);
  }
  return values.at(used(state)).exp();
}

void StepAdaptation::learn(const Sampler::State& state, KernelMemory& memory,
                           const torch::Tensor& acceptance) const {
  if (!state.adapting) return;
  auto& values = memory.values;
  const auto before = values.at("adaptations"), now = before + 1;
  const auto gain = spread_at_mala / (target_ * (1 - target_)) *
                    (gain_at_first / (gain_delay + before)).clamp_min(least_gain);
  const auto logarithm =
      (values.at("log_step") + gain * (acceptance - target_)).clamp(-greatest_logarithm, greatest_logarithm);
  const auto& average = values.at("log_step_average");
  values["log_step_average"] = average + now.pow(averaging_power) * (logarithm - average);
  values["log_step"] = logarithm;
  values["adaptations"] = now;
}

double StepAdaptation::value(const Sampler::State& state, const KernelMemory& memory) const {
  const auto known = memory.values.find(used(state));
  return known == memory.values.end() ? initial_ : std::exp(known->second[0].item<double>());
}

}  // namespace ebm
