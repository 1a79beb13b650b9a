#pragma once

#include <cstdint>
#include <string>

#include "dualebm/framework/evaluation/metric.hpp"

namespace ebm {

/// How far a run is. Part of a checkpoint, so that a resumed run goes on counting.
struct Progress {
  std::int64_t iteration = 0;             ///< iterations done
  std::int64_t gradient_evaluations = 0;  ///< see StepReport
  double seconds = 0;                     ///< of training; evaluation and writing are not counted
  double fraction = 0;                    ///< of the run, by iterations or by the budget that ends it first
};

/// One line of metrics.jsonl.
struct Record {
  Progress progress;     ///< when it was taken
  MetricValues metrics;  ///< of the energy at that time
};

/// Something that watches a run. Every body here is empty: the base is the callback that does nothing.
class Callback {
 public:
  virtual ~Callback() = default;
  /// Before the first iteration.
  virtual void on_start(const Progress& /*progress*/) {}
  /// After every iteration.
  virtual void on_step(const Progress& /*progress*/) {}
  /// After every evaluation.
  virtual void on_record(const Record& /*record*/) {}
  /// After the last iteration.
  virtual void on_end(const Progress& /*progress*/) {}
  /// Why the run should end after this iteration; empty to go on.
  virtual std::string stop_reason() const { return {}; }
};

}  // namespace ebm
