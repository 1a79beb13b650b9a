#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "dualebm/framework/training/callback.hpp"
#include "dualebm/framework/training/training.hpp"

namespace ebm {

/// Ends a run when a metric has not improved on its best value for `patience` evaluations, and has it end
/// with the model of the best one.
///
/// Its state is a function of the records of the training, which a checkpoint holds: a resumed run goes over
/// them first.
class EarlyStop final : public Callback {
 public:
  struct Options {
    std::string metric;          ///< one that has a better direction; empty: no early stop
    std::int64_t patience = 20;  ///< evaluations
    bool keep_best = true;       ///< whether the run ends with the best model seen, or with the last
    /// As `early_stop_metric`, `early_stop_patience`, `early_stop_keep_best`.
    void describe(Fields& fields);
  };

  /// @param metrics  descriptions of those that are evaluated
  /// @throws UserError if there is no such metric, or neither direction of it is better
  EarlyStop(Training& training, const std::vector<MetricDescription>& metrics, Options options);
  void on_start(const Progress& progress) override;
  void on_record(const Record& record) override;
  void on_recovery(const Recovery&) override { on_start({}); }
  std::optional<StopReason> stop_reason() const override;

 private:
  bool is_better(const Record& record);

  Training& training_;
  Options options_;
  double sign_;
  std::int64_t since_best_ = 0, best_iteration_ = 0;
  double best_ = std::numeric_limits<double>::infinity();
};

}  // namespace ebm
