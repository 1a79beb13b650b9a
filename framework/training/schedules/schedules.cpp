#include "dualebm/framework/training/schedules/schedules.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ebm {
namespace {

const Range share_below_one{.low = 0, .high = 1, .high_included = false};
const Range positive_share{.low = 0, .high = 1, .low_included = false};

double number(const Moment& at) { return static_cast<double>(at.iteration); }

}  // namespace

void WarmUp::describe(Fields& fields) {
  fields.integer("warmup", warmup, Range::at_least(0),
                 "iterations in which one more factor rises linearly, t/warmup, to 1; 0: none");
}

double WarmUp::factor(std::int64_t iteration) const {
  if (warmup == 0) return 1;
  return std::min(1.0, static_cast<double>(iteration) / static_cast<double>(warmup));
}

ConstantSchedule::ConstantSchedule(const Options& options) : options_(checked(options, "constant")) {}

void InverseSqrtSchedule::Options::describe(Fields& fields) {
  WarmUp::describe(fields);
  fields.number("scale", scale, Range::positive(), "factor 1/sqrt(1 + t/scale) at iteration t");
}

InverseSqrtSchedule::InverseSqrtSchedule(const Options& options)
    : options_(checked(options, "inverse_sqrt")) {}

double InverseSqrtSchedule::factor(const Moment& at) const {
  return options_.WarmUp::factor(at.iteration) * (1 / std::sqrt(1 + number(at) / options_.scale));
}

void ExponentialSchedule::Options::describe(Fields& fields) {
  WarmUp::describe(fields);
  fields.number("half_life", half_life, Range::positive(), "iterations until the factor has halved");
}

ExponentialSchedule::ExponentialSchedule(const Options& options)
    : options_(checked(options, "exponential")) {}

double ExponentialSchedule::factor(const Moment& at) const {
  return options_.WarmUp::factor(at.iteration) * std::exp2(-number(at) / options_.half_life);
}

void CosineSchedule::Options::describe(Fields& fields) {
  WarmUp::describe(fields);
  fields.number("final_factor", final_factor, positive_share, "factor at the end of the run");
  fields.number("start", start, share_below_one, "share of the run before the decay begins");
}

CosineSchedule::CosineSchedule(const Options& options) : options_(checked(options, "cosine")) {}

double CosineSchedule::factor(const Moment& at) const {
  const double share = std::min(1.0, at.fraction), warm = options_.WarmUp::factor(at.iteration);
  if (share <= options_.start) return warm;
  const double angle = std::numbers::pi * (share - options_.start) / (1 - options_.start);
  return warm * (options_.final_factor + (1 - options_.final_factor) * 0.5 * (1 + std::cos(angle)));
}

void StepSchedule::Options::describe(Fields& fields) {
  WarmUp::describe(fields);
  fields.integer("every", every, Range::at_least(1), "iterations between two decays");
  fields.number("decay", decay, positive_share, "factor of each decay");
}

StepSchedule::StepSchedule(const Options& options) : options_(checked(options, "step")) {}

double StepSchedule::factor(const Moment& at) const {
  const double decays = std::floor((number(at) - 1) / static_cast<double>(options_.every));
  return options_.WarmUp::factor(at.iteration) * std::pow(options_.decay, decays);
}

void add_schedules(Registry<Schedule, ScheduleContext>& schedules) {
  schedules.add<ConstantSchedule>("constant", "step sizes stay as they are");
  schedules.add<InverseSqrtSchedule>("inverse_sqrt", "1/sqrt(1 + t/scale)");
  schedules.add<ExponentialSchedule>("exponential", "2^(-t/half_life)");
  schedules.add<CosineSchedule>("cosine",
                                "constant, then half a cosine from 1 to final_factor at the end of the run");
  schedules.add<StepSchedule>("step", "multiplied by decay after every so many iterations");
}

}  // namespace ebm
