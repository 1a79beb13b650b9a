#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dualebm/framework/evaluation/metric.hpp"

namespace ebm {

/// What was computed, in single points: the cost that trainings are compared by, beside their time.
struct Cost {
  std::int64_t energies = 0;             ///< E alone
  std::int64_t point_gradients = 0;      ///< ∇_x E, with or without E
  std::int64_t parameter_gradients = 0;  ///< ∇_θ E
  std::int64_t double_gradients = 0;     ///< ∇_θ of something that holds ∇_x E: score matching

  /// Gradients of any kind: what budgets count.
  std::int64_t gradients() const { return point_gradients + parameter_gradients + double_gradients; }
  /// Adds each of the counts.
  Cost& operator+=(const Cost& other) {
    energies += other.energies;
    point_gradients += other.point_gradients;
    parameter_gradients += other.parameter_gradients;
    double_gradients += other.double_gradients;
    return *this;
  }
};

/// How far a run is. Part of a checkpoint, so that a resumed run goes on counting.
struct Progress {
  std::int64_t iteration = 0;             ///< iterations done
  std::int64_t gradient_evaluations = 0;  ///< Cost::gradients of all of them
  double seconds = 0;                     ///< of training; evaluation and writing are not counted
  double fraction = 0;                    ///< of the run, by iterations or by the budget that ends it first
  Cost cost = {};                         ///< of all iterations, by kind
};

/// One evaluation: a line of metrics.jsonl.
struct Record {
  Progress progress;     ///< when it was made
  MetricValues metrics;  ///< of the energy as it is evaluated, averaged if an average is kept
};

/// How a run came to its end.
enum class RunEnd {
  finished,     ///< all iterations are done
  budget,       ///< the budget of gradient evaluations or of time is used up
  early_stop,   ///< a metric has not improved for as long as was asked for
  stopped,      ///< a callback has asked to
  interrupted,  ///< by a signal
  diverged,     ///< a number is not finite
  failed,       ///< by an error
};

/// "finished", "budget used up", "stopped early", ...: the one word for people and manifests.
std::string to_string(RunEnd end);

/// The end of this word. @throws UserError if there is none
RunEnd run_end_of(const std::string& word);

}  // namespace ebm
