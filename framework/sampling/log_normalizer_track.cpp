#include "dualebm/framework/sampling/log_normalizer_track.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace ebm {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

}  // namespace

void LogNormalizerTrack::set(double value) {
  value_ = torch::full({}, value, torch::kDouble);
  scatter_ = torch::zeros({}, torch::kDouble);
  observations_ = torch::full({}, 1 / gain_, torch::kDouble);
}

void LogNormalizerTrack::carry_on(const torch::Tensor& increment) {
  if (value_.defined()) value_ = value_.to(increment.device()) + increment;
}

void LogNormalizerTrack::observe(const torch::Tensor& log_importance) {
  const auto sample = log_importance.logsumexp(0) - std::log(static_cast<double>(log_importance.size(0)));
  if (!value_.defined()) {
    value_ = sample;
    scatter_ = torch::zeros_like(sample);
    observations_ = torch::ones_like(sample);
    return;
  }
  const auto options = sample.options();
  const auto before = value_.to(options), count = observations_.to(options) + 1;
  const auto gain = (1 / count).clamp_min(gain_);
  const auto drawn = torch::logaddexp(before + torch::log1p(-gain), sample + gain.log());
  const auto next_scatter = (1 - gain) * (scatter_.to(options) + gain * (sample - before).square());
  // Samples that are not finite say nothing.
  const auto finite = torch::isfinite(drawn);
  value_ = torch::where(finite, drawn, before);
  scatter_ = torch::where(finite, next_scatter, scatter_.to(options));
  observations_ = torch::where(finite, count, count - 1);
}

double LogNormalizerTrack::value() const { return value_.defined() ? value_.item<double>() : unknown; }

double LogNormalizerTrack::standard_error() const {
  if (!value_.defined() || observations_.item<double>() < 2 || scatter_.item<double>() == 0) return unknown;
  const double gain = std::max(1 / observations_.item<double>(), gain_);
  return std::sqrt(scatter_.item<double>() * gain / (2 - gain));
}

void LogNormalizerTrack::save(State& saved) const {
  if (!value_.defined()) return;
  saved.write("log_normalizer",
              torch::stack({value_, scatter_.to(value_.device()), observations_.to(value_.device())}));
}

void LogNormalizerTrack::load(const State& saved) {
  value_ = scatter_ = observations_ = torch::Tensor();
  if (!saved.has("log_normalizer")) return;
  const auto kept = saved.tensor("log_normalizer");
  value_ = kept[0].clone();
  scatter_ = kept[1].clone();
  observations_ = kept[2].clone();
}

}  // namespace ebm
