#include "dualebm/framework/training/callbacks/stop_at.hpp"

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/evaluation/evaluator.hpp"

namespace ebm {

void StopAt::Options::describe(Fields& fields) {
  fields.text("metric", metric, "a metric of the run that has a better direction");
  fields.number("value", value, Range::any(), "the run ends when the metric is as good as this");
}

StopAt::StopAt(const CallbackContext& context, const Options& options)
    : options_(checked(options, "stop_at")) {
  const auto& described = find_description(context.metrics, options_.metric);
  require(!described.better.empty(), "stop_at: neither direction of {} is better", options_.metric);
  sign_ = described.better == "higher" ? -1 : 1;
}

void StopAt::on_record(const Record& record) {
  const double* value = find_metric(record.metrics, options_.metric);
  if (value == nullptr && is_left_out(record.metrics)) {
    reached_ = false;
    return;
  }
  require(value != nullptr, "stop_at: this run has no metric {}", options_.metric);
  reached_ = sign_ * *value <= sign_ * options_.value;
}

std::optional<StopReason> StopAt::stop_reason() const {
  if (!reached_) return std::nullopt;
  return StopReason{RunEnd::stopped, fmt::format("{} has come to {:g}", options_.metric, options_.value)};
}

}  // namespace ebm
