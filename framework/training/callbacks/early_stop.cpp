#include "dualebm/framework/training/callbacks/early_stop.hpp"

#include <cmath>

#include "dualebm/framework/base/error.hpp"

namespace ebm {

void EarlyStop::Options::describe(Fields& fields) {
  fields.text("early_stop_metric", metric,
              "metric whose failure to improve ends the run, e.g. nll_validation; empty: none");
  fields.integer("early_stop_patience", patience, Range::at_least(1),
                 "evaluations without improvement before an early stop");
  fields.boolean(
      "early_stop_keep_best", keep_best,
      "with an early_stop_metric: end with the best model seen, however the run ends, not with the last");
}

EarlyStop::EarlyStop(Training& training, const std::vector<MetricDescription>& metrics, Options options)
    : training_(training), options_(checked(std::move(options), "early stop")) {
  const auto& described = find_description(metrics, options_.metric);
  require(!described.better.empty(), "early stop: neither direction of {} is better", options_.metric);
  sign_ = described.better == "higher" ? -1 : 1;
}

void EarlyStop::on_start(const Progress&) {
  since_best_ = best_iteration_ = 0;
  best_ = std::numeric_limits<double>::infinity();
  for (const auto& record : training_.records()) is_better(record);
}

bool EarlyStop::is_better(const Record& record) {
  const double* value = find_metric(record.metrics, options_.metric);
  if (value == nullptr && (is_left_out(record.metrics) || std::isfinite(best_))) {
    ++since_best_;
    return false;
  }
  require(value != nullptr, "early stop: this run has no metric {}", options_.metric);
  if (sign_ * *value >= best_) {
    ++since_best_;
    return false;
  }
  best_ = sign_ * *value;
  best_iteration_ = record.progress.iteration;
  since_best_ = 0;
  return true;
}

void EarlyStop::on_record(const Record& record) {
  if (is_better(record) && options_.keep_best) training_.keep_as_best();
}

std::optional<StopReason> EarlyStop::stop_reason() const {
  if (since_best_ < options_.patience) return std::nullopt;
  return StopReason{
      RunEnd::early_stop,
      fmt::format("{} has not improved on {:.6g} (iteration {}) for {} evaluations; {}", options_.metric,
                  sign_ * best_, best_iteration_, since_best_,
                  options_.keep_best ? "the model of that iteration is kept" : "the last model is kept")};
}

}  // namespace ebm
