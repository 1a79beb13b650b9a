#pragma once

#include <cstdint>
#include <memory>

#include "dualebm/framework/settings/registry.hpp"

namespace ebm {

/// A factor on step sizes as a function of the iteration alone, so that a resumed run needs no state for it.
class Schedule {
 public:
  virtual ~Schedule() = default;
  /// @param iteration  counted from 1 @return in [0, 1]; 0 only by underflow
  virtual double factor(std::int64_t iteration) const = 0;
};

/// What a schedule may know when it is made.
struct ScheduleContext {
  std::int64_t iterations;  ///< length of the whole run
};

/// constant, inverse_sqrt, exponential, cosine, step; each with a linear warm-up if asked.
Registry<Schedule, ScheduleContext>& schedules();

}  // namespace ebm
