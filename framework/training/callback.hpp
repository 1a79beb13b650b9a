#pragma once

#include <optional>
#include <string>

#include "dualebm/framework/training/progress.hpp"

namespace ebm {

/// Why a run should end.
struct StopReason {
  RunEnd end = RunEnd::stopped;
  std::string text;  ///< one line for a person
};

/// Something that watches a run. Every body here is empty: the base is the callback that does nothing.
class Callback {
 public:
  virtual ~Callback() = default;
  virtual void on_start(const Progress& /*progress*/) {}
  virtual void on_step(const Progress& /*progress*/) {}
  virtual void on_record(const Record& /*record*/) {}
  virtual void on_end(const Progress& /*progress*/) {}
  /// Asked after every iteration; nothing to go on.
  virtual std::optional<StopReason> stop_reason() const { return std::nullopt; }
};

/// What a callback may know when it is made: the metrics there are.
struct CallbackContext {
  const std::vector<MetricDescription>& metrics;
};

}  // namespace ebm
