#pragma once

#include <cstdint>

#include "dualebm/framework/settings/registry.hpp"

namespace ebm {

/// Where a run stands when an iteration begins.
struct Moment {
  std::int64_t iteration = 1;  ///< counted from 1
  double fraction = 0;  ///< of the run, in (0, 1], by whatever ends it first: iterations, gradients, time
};

/// A factor on step sizes as a function of where the run stands alone, so that a resumed run needs no state
/// for it. Your own overrides this one function:
///
///     struct Halved final : ebm::Schedule {
///       struct Options { void describe(ebm::Fields&) {} };
///       explicit Halved(const Options&) {}
///       double factor(const ebm::Moment& at) const override { return at.fraction < 0.5 ? 1 : 0.5; }
///     };
class Schedule {
 public:
  virtual ~Schedule() = default;
  /// @return in [0, 1]; 0 only by underflow
  virtual double factor(const Moment& at) const = 0;
};

/// What a schedule may know when it is made.
struct ScheduleContext {};

/// Registers constant, inverse_sqrt, exponential, cosine and step.
void add_schedules(Registry<Schedule, ScheduleContext>& schedules);

}  // namespace ebm
