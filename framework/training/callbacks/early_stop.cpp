#include "dualebm/framework/training/callbacks/early_stop.hpp"

#include "dualebm/framework/base/error.hpp"

namespace ebm {

EarlyStop::EarlyStop(const std::string& metric, std::int64_t patience)
    : metric_(metric), sign_(ebm::metric(metric).better == "higher" ? -1 : 1), patience_(patience) {
  require(!ebm::metric(metric).better.empty(), "early stop: neither direction of {} is better", metric);
}

void EarlyStop::on_record(const Record& record) {
  const double* value = find_metric(record.metrics, metric_);
  require(value != nullptr, "early stop: this run has no metric {}", metric_);
  if (sign_ * *value < best_) {
    best_ = sign_ * *value;
    since_best_ = 0;
  } else {
    ++since_best_;
  }
}

std::string EarlyStop::stop_reason() const {
  if (since_best_ < patience_) return {};
  return fmt::format("early stop: {} has not improved on {:.6g} for {} evaluations", metric_, sign_ * best_,
                     since_best_);
}

}  // namespace ebm
