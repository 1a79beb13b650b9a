#include "dualebm/apps/report.hpp"

#include <fmt/format.h>

#include "dualebm/apps/pictures.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/files.hpp"
#include "dualebm/framework/storage/checkpoint.hpp"
#include "dualebm/framework/training/callbacks/metrics_file.hpp"

namespace ebm {
namespace {

Json run_json(const TrainingRun& run) {
  Json records = Json::array();
  for (const auto& record : run.records) records.push_back(to_json(record));
  Json recoveries = Json::array();
  for (const auto& recovery : run.recoveries) recoveries.push_back(to_string(recovery));
  return {{"label", run.label},
          {"seed", run.seed},
          {"status", run.status()},
          {"recoveries", std::move(recoveries)},
          {"records", std::move(records)}};
}

/// JSON that no HTML parser takes for markup: `<` occurs inside strings alone, where \u003c means the same.
std::string escaped_for_script(const Json& data) {
  const auto json = data.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string result;
  result.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      result += "\\u003c";
    } else {
      result += c;
    }
  }
  return result;
}

std::string escaped_for_html(const std::string& text) {
  std::string result;
  for (const char c : text) {
    result += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string(1, c);
  }
  return result;
}

}  // namespace

std::string summary_of(const Experiment& experiment, const Problem& problem) {
  return fmt::format("{}: energy {}, trainer {}, {} training points in {} dimensions, seed {}",
                     experiment.general.title, experiment.energy.name, experiment.trainer.name,
                     problem.data().train.size(0), problem.domain().dimension(), experiment.general.seed);
}

void write_report(const std::filesystem::path& path, const Report& report, const PreparedProblem& problem) {
  Json described = Json::array();
  for (const auto& entry : metrics_of(report.runs)) {
    described.push_back({{"name", entry.name},
                         {"label", entry.label},
                         {"unit", entry.unit},
                         {"scale", entry.logarithmic ? "log" : "linear"},
                         {"better", entry.better.empty() ? Json(nullptr) : Json(entry.better)},
                         {"note", entry.meaning}});
  }
  Json runs = Json::array(), more = Json::array();
  for (const auto& run : report.runs) runs.push_back(run_json(run));
  for (const auto& table : report.more_tables) more.push_back(to_json(table));
  const auto title = report.configuration.value("title", "dualebm");
  const Json data = {{"title", title},
                     {"kind", report.kind},
                     {"summary", report.summary},
                     {"command", report.manifest.value("command", "")},
                     {"metrics", std::move(described)},
                     {"runs", std::move(runs)},
                     {"table", to_json(report.table)},
                     {"tables", std::move(more)},
                     {"sweep", report.sweep},
                     {"search", report.search},
                     {"globes", globes_json(report.runs, problem)},
                     {"planes", planes_json(report.runs, problem)},
                     {"galleries", galleries_json(report.runs, problem)},
                     {"configuration", report.configuration},
                     {"manifest", report.manifest}};
  write_atomically(path, page::before_title + escaped_for_html(title) + page::before_data +
                             escaped_for_script(data) + page::after_data);
}

}  // namespace ebm
