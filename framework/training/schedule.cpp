#include "dualebm/framework/training/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

namespace ebm {
namespace {

/// A schedule from a formula.
class FormulaSchedule final : public Schedule {
 public:
  explicit FormulaSchedule(std::function<double(double)> formula) : formula_(std::move(formula)) {}
  double factor(std::int64_t iteration) const override { return formula_(static_cast<double>(iteration)); }

 private:
  std::function<double(double)> formula_;
};

/// What every schedule can begin with.
struct WarmUp {
  std::int64_t warmup = 0;
  void describe(Fields& fields) {
    fields.integer("warmup", warmup, Range::at_least(0),
                   "iterations in which one more factor rises linearly, t/warmup, to 1; 0: none");
  }
};

std::shared_ptr<Schedule> from_formula(const WarmUp& options, std::function<double(double)> formula) {
  if (options.warmup == 0) return std::make_shared<FormulaSchedule>(std::move(formula));
  return std::make_shared<FormulaSchedule>(
      [formula = std::move(formula), warmup = static_cast<double>(options.warmup)](double t) {
        return std::min(1.0, t / warmup) * formula(t);
      });
}

using Constant = WarmUp;

struct InverseSqrt : WarmUp {
  double scale = 1000;
  void describe(Fields& fields) {
    WarmUp::describe(fields);
    fields.number("scale", scale, Range::positive(), "factor 1/sqrt(1 + t/scale) at iteration t");
  }
};

struct Exponential : WarmUp {
  double half_life = 1000;
  void describe(Fields& fields) {
    WarmUp::describe(fields);
    fields.number("half_life", half_life, Range::positive(), "iterations until the factor has halved");
  }
};

struct Cosine : WarmUp {
  double final_factor = 0.01;
  double start = 0;
  void describe(Fields& fields) {
    WarmUp::describe(fields);
    fields.number("final_factor", final_factor, {.low = 0, .high = 1, .low_included = false},
                  "factor at the last iteration");
    fields.number("start", start, {.low = 0, .high = 1, .high_included = false},
                  "share of the run before the decay begins");
  }
};

struct Step : WarmUp {
  std::int64_t every = 1000;
  double decay = 0.5;
  void describe(Fields& fields) {
    WarmUp::describe(fields);
    fields.integer("every", every, Range::at_least(1), "iterations between two decays");
    fields.number("decay", decay, {.low = 0, .high = 1, .low_included = false}, "factor of each decay");
  }
};

}  // namespace

Registry<Schedule, ScheduleContext>& schedules() {
  static auto registry = [] {
    Registry<Schedule, ScheduleContext> entries("schedule");
    entries.add<Constant>("constant", "step sizes stay as they are",
                          [](const Constant& options, const ScheduleContext&) {
                            return from_formula(options, [](double) { return 1.0; });
                          });
    entries.add<InverseSqrt>(
        "inverse_sqrt", "1/sqrt(1 + t/scale)", [](const InverseSqrt& options, const ScheduleContext&) {
          return from_formula(options,
                              [scale = options.scale](double t) { return 1 / std::sqrt(1 + t / scale); });
        });
    entries.add<Exponential>(
        "exponential", "2^(-t/half_life)", [](const Exponential& options, const ScheduleContext&) {
          return from_formula(options, [h = options.half_life](double t) { return std::exp2(-t / h); });
        });
    entries.add<Cosine>(
        "cosine", "constant, then half a cosine from 1 to final_factor at the end of the run",
        [](const Cosine& options, const ScheduleContext& context) {
          const double end = static_cast<double>(context.iterations);
          return from_formula(options, [=](double t) {
            const double share = std::min(1.0, t / end);
            if (share <= options.start) return 1.0;
            const double angle = std::numbers::pi * (share - options.start) / (1 - options.start);
            return options.final_factor + (1 - options.final_factor) * 0.5 * (1 + std::cos(angle));
          });
        });
    entries.add<Step>("step", "multiplied by decay after every so many iterations",
                      [](const Step& options, const ScheduleContext&) {
                        return from_formula(options, [=](double t) {
                          return std::pow(options.decay,
                                          std::floor((t - 1) / static_cast<double>(options.every)));
                        });
                      });
    return entries;
  }();
  return registry;
}

}  // namespace ebm
