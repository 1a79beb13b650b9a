#include "dualebm/framework/sampling/log_normalizer_track.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

constexpr double greatest_excess = 3;  // nats: one sample beyond would be all that there is to the error
constexpr double samples_seen = 10;    // in units of 1 / gain, before anything is said of the error
constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

}  // namespace

void LogNormalizerTrack::set(double value) {
  value_ = torch::full({}, value, torch::kDouble);
  square_ = product_ = residual_ = torch::zeros({}, torch::kDouble);
  observations_ = torch::full({}, 1 / gain_, torch::kDouble);
}

void LogNormalizerTrack::carry_on(const torch::Tensor& increment) {
  if (value_.defined()) value_ = value_.to(increment.device()) + increment;
}

void LogNormalizerTrack::observe(const torch::Tensor& log_importance) {
  const auto sample = log_importance.logsumexp(0) - std::log(static_cast<double>(log_importance.size(0)));
  if (!value_.defined()) {
    value_ = sample;
    square_ = product_ = residual_ = torch::zeros_like(sample);
    observations_ = torch::ones_like(sample);
    return;
  }
  const auto options = sample.options();
  const auto before = value_.to(options), count = observations_.to(options) + 1;
  const auto gain = (1 / count).clamp_min(gain_), memory = (1 / (count - 1)).clamp_min(gain_ / 4);
  const auto drawn = torch::logaddexp(before + torch::log1p(-gain), sample + gain.log());
  const auto residual = torch::expm1((sample - before).clamp_max(greatest_excess)),
             last = residual_.to(options);
  const auto square = square_.to(options), product = product_.to(options);
  // Samples that are not finite say nothing.
  const auto finite = torch::isfinite(drawn).logical_and(torch::isfinite(residual));
  value_ = torch::where(finite, drawn, before);
  square_ = torch::where(finite, square + memory * (residual.square() - square), square);
  product_ = torch::where(finite, product + memory * (residual * last - product), product);
  residual_ = torch::where(finite, residual, last);
  observations_ = torch::where(finite, count, count - 1);
}

double LogNormalizerTrack::value() const { return value_.defined() ? value_.item<double>() : unknown; }

double LogNormalizerTrack::standard_error() const {
  if (!value_.defined() || observations_.item<double>() * gain_ < samples_seen || square_.item<double>() == 0)
    return unknown;
  const double gain = std::max(1 / observations_.item<double>(), gain_), square = square_.item<double>();
  const double error = product_.item<double>() + gain * square;
  return std::sqrt(gain * square + std::max(0.0, error));
}

void LogNormalizerTrack::save(State& saved) const {
  if (!value_.defined()) return;
  std::vector<torch::Tensor> numbers;
  for (const auto* number : {&value_, &square_, &product_, &residual_, &observations_})
    numbers.push_back(number->to(value_.device()));
  saved.write("log_normalizer", torch::stack(numbers));
}

void LogNormalizerTrack::load(const State& saved) {
  value_ = square_ = product_ = residual_ = observations_ = torch::Tensor();
  if (!saved.has("log_normalizer")) return;
  const auto numbers = saved.tensor("log_normalizer");
  require(numbers.numel() == 5, "log Z was saved with {} numbers instead of 5", numbers.numel());
  value_ = numbers[0].clone();
  square_ = numbers[1].clone();
  product_ = numbers[2].clone();
  residual_ = numbers[3].clone();
  observations_ = numbers[4].clone();
}

}  // namespace ebm
