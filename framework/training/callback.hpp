#pragma once

#include <optional>
#include <string>

#include "dualebm/framework/training/progress.hpp"
#include "dualebm/framework/training/recovery.hpp"

namespace ebm {

/// Why a run should end.
struct StopReason {
  RunEnd end = RunEnd::stopped;  ///< how manifests and tables call it
  std::string text;              ///< one line for a person
};

/// Something that watches a run. Every body here is empty: the base is the callback that does nothing.
class Callback {
 public:
  virtual ~Callback() = default;
  virtual void on_start(const Progress& /*progress*/) {}  ///< before anything else, also of a resumed run
  /// After every iteration, after its evaluation if it has one.
  virtual void on_step(const Progress& /*progress*/) {}
  virtual void on_record(const Record& /*record*/) {}  ///< after every evaluation
  /// The run had gone astray and was taken back: records after `recovery.back_to` are gone.
  virtual void on_recovery(const Recovery& /*recovery*/) {}
  virtual void on_end(const Progress& /*progress*/) {}  ///< when the run is over, unless by an error
  /// Asked after every iteration; nothing to go on.
  virtual std::optional<StopReason> stop_reason() const { return std::nullopt; }
};

/// What a callback may know when it is made: the metrics there are.
struct CallbackContext {
  const std::vector<MetricDescription>& metrics;  ///< of those that are evaluated, in the order of tables
};

}  // namespace ebm
