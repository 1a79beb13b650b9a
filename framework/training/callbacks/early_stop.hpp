#pragma once

#include <limits>

#include "dualebm/framework/training/callback.hpp"

namespace ebm {

/// Ends a run when a metric has not improved on its best value for `patience` evaluations.
///
/// Its state is a function of the records seen, so a resumed run restores it by replaying metrics.jsonl.
class EarlyStop final : public Callback {
 public:
  /// @param metric  one that has a better direction @throws UserError otherwise
  EarlyStop(const std::string& metric, std::int64_t patience);
  void on_record(const Record& record) override;
  std::string stop_reason() const override;

 private:
  std::string metric_;
  double sign_;
  std::int64_t patience_, since_best_ = 0;
  double best_ = std::numeric_limits<double>::infinity();
};

}  // namespace ebm
