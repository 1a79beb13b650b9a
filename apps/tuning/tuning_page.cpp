#include <nlohmann/json.hpp>

#include "dualebm/apps/report.hpp"
#include "dualebm/apps/tuning/tuning_report.hpp"
#include "dualebm/framework/training/callbacks/metrics_file.hpp"

namespace ebm {
namespace {

/// The metric over the iterations of a trial, as far as it has come: [iteration, value] each.
Json course_of(const std::filesystem::path& metrics, const std::string& name) {
  Json course = Json::array();
  if (!std::filesystem::exists(metrics)) return course;
  try {
    for (const auto& record : read_records(metrics)) {
      if (const double* value = find_metric(record.metrics, name))
        course.push_back({record.progress.iteration, *value});
    }
  } catch (const std::exception&) {
    // A picture that is not there is no reason to have no page.
  }
  return course;
}

Json search_json(const TuningPlan& plan, const TuningFolder& folder, const TuningResults& results) {
  Json parameters = Json::array(), trials = Json::array(), rungs = Json::array();
  for (const auto& range : plan.ranges) {
    const char* const scale = !range.values.empty() ? "values" : range.logarithmic ? "log" : "linear";
    parameters.push_back({{"path", range.path},
                          {"scale", scale},
                          {"from", range.from},
                          {"to", range.to},
                          {"whole", range.whole},
                          {"values", range.values}});
  }
  for (std::size_t rung = 0; rung < plan.rungs.size(); ++rung) {
    const auto iterations = iterations_on(plan, rung);
    rungs.push_back({{"trials", plan.rungs[rung].trials},
                     {"iterations", iterations ? Json(*iterations) : Json(nullptr)}});
  }
  for (const auto& one : results.ranking) {
    const auto& planned = plan.training(one.rung, one.trial);
    const auto& outcome = one.outcome;
    trials.push_back({{"label", plan.trials[one.trial].label},
                      {"seed", planned.experiment.general.seed},
                      {"status", outcome.status()},
                      {"set", plan.trials[one.trial].set},
                      {"rung", one.rung + 1},
                      {"iteration", outcome.iteration},
                      {"gradient_evaluations", outcome.gradient_evaluations},
                      {"seconds", outcome.seconds},
                      {"value", number_or_null(outcome.value)},
                      {"error", number_or_null(outcome.error)},
                      {"best", results.winner && results.winner->trial == one.trial},
                      {"course", course_of(folder.runs.of(planned) / "metrics.jsonl", results.metric.name)}});
  }
  const Json test = results.on_test ? Json{{"value", results.on_test->value},
                                           {"error", number_or_null(results.on_test->error)}}
                                    : Json(nullptr);
  const auto& metric = results.metric;
  return {
      {"metric",
       {{"name", metric.name}, {"label", metric.label}, {"unit", metric.unit}, {"better", metric.better}}},
      {"parameters", std::move(parameters)},
      {"rungs", std::move(rungs)},
      {"complete", results.complete},
      {"trials", std::move(trials)},
      {"test", test}};
}

}  // namespace

void write_page(const TuningPlan& plan, const TuningFolder& folder, const TuningResults& results,
                const Json& manifest, CurrentProblem& problem, torch::Device device) {
  const auto& best = results.ranking.front();
  const auto& planned = plan.training(best.rung, best.trial);
  const auto& prepared = problem.of(planned);
  const auto& label = plan.trials[best.trial].label;
  std::vector<TrainingRun> runs;
  if (best.outcome.value)
    runs.push_back(load_run(folder.runs.of(planned), planned.experiment, prepared, device, label));
  write_report(folder.runs.report(),
               {.kind = "tune",
                .summary = summary_of(plan),
                .configuration = plan.base.resolved,
                .manifest = manifest,
                .runs = runs,
                .table = table_at("best", runs, Axis::iteration, std::nullopt),
                .more_tables = {},
                .search = search_json(plan, folder, results)},
               prepared);
}

}  // namespace ebm
