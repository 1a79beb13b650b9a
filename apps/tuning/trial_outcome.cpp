#include "dualebm/apps/tuning/trial_outcome.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "dualebm/apps/table.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/settings/config_file.hpp"

namespace ebm {
namespace {

std::optional<double> number_in(const Json& value) {
  return value.is_null() ? std::nullopt : std::optional(value.get<double>());
}

}  // namespace

Json number_or_null(const std::optional<double>& number) { return number ? Json(*number) : Json(nullptr); }

std::string TrialOutcome::status() const {
  return reason.empty() ? to_string(end) : fmt::format("{}: {}", to_string(end), reason);
}

TrialOutcome outcome_of(const TrainingRun& run, const std::string& metric) {
  TrialOutcome outcome{.end = run.end, .reason = run.reason, .value = {}, .error = {}};
  const bool ended = run.end != RunEnd::diverged && run.end != RunEnd::failed;
  const auto* last = ended ? &run.last : run.records.empty() ? nullptr : &run.records.back();
  if (last != nullptr) {
    outcome.iteration = last->progress.iteration;
    outcome.gradient_evaluations = last->progress.gradient_evaluations;
    outcome.seconds = last->progress.seconds;
  }
  if (!ended) return outcome;
  if (const double* value = find_metric(run.last.metrics, metric)) {
    outcome.value = *value;
    outcome.error = error_of(run.last.metrics, metric);
  }
  return outcome;
}

Json to_json(const TrialOutcomes& outcomes) {
  Json list = Json::array();
  for (const auto& [place, outcome] : outcomes) {
    list.push_back({{"rung", place.first + 1},
                    {"trial", place.second + 1},
                    {"end", to_string(outcome.end)},
                    {"reason", outcome.reason},
                    {"value", number_or_null(outcome.value)},
                    {"error", number_or_null(outcome.error)},
                    {"iteration", outcome.iteration},
                    {"gradient_evaluations", outcome.gradient_evaluations},
                    {"seconds", outcome.seconds}});
  }
  return list;
}

TrialOutcomes read_outcomes(const std::filesystem::path& path) {
  TrialOutcomes outcomes;
  if (!std::filesystem::exists(path)) return outcomes;
  const auto content = read_json_file(path.string());
  try {
    for (const auto& one : content.at("outcomes")) {
      const auto rung = one.at("rung").get<std::size_t>(), trial = one.at("trial").get<std::size_t>();
      require(rung > 0 && trial > 0, "{}: rungs and trials are counted from 1", path.string());
      const auto end = run_end_of(one.at("end").get<std::string>());
      if (end == RunEnd::failed) continue;
      outcomes[{rung - 1, trial - 1}] = {
          .end = end,
          .reason = one.at("reason").get<std::string>(),
          .value = number_in(one.at("value")),
          .error = number_in(one.at("error")),
          .iteration = one.at("iteration").get<std::int64_t>(),
          .gradient_evaluations = one.at("gradient_evaluations").get<std::int64_t>(),
          .seconds = one.at("seconds").get<double>()};
    }
  } catch (const Json::exception& error) {
    fail("{}: not the trials of a search: {}", path.string(), error.what());
  }
  return outcomes;
}

}  // namespace ebm
