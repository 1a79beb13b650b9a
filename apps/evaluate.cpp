#include <ATen/ATen.h>
#include <fmt/format.h>

#include "apps/command_line.hpp"
#include "datasets/points.hpp"
#include "framework/error.hpp"

namespace ebm {
namespace {

struct Line {
  std::string name, unit, meaning;
  double value;
};

/// Mean energy and likelihood of the user's own points.
std::vector<Line> lines_of_points(const EvaluateOptions& options, LoadedRun& run, const MetricValues& values) {
  const auto points = read_points(options.data, *run.problem.domain).to(run.problem.dataset.train.options());
  const double mean = energy_at(*run.training.energy, points).mean().item<double>();
  std::vector<Line> lines = {
      {"energy_data", "nats", fmt::format("mean energy of the {} points of {}", points.size(0), options.data), mean}};
  if (const double* log_z = find_metric(values, "log_z")) {
    lines.push_back({"nll_data", "nats, with respect to area", fmt::format("negative log-likelihood of {}", options.data),
                     mean + *log_z + run.problem.domain->log_area()});
  }
  return lines;
}

}  // namespace

void evaluate(const EvaluateOptions& options) {
  auto run = load_run(options.run, options.device);
  const auto values = run.problem.evaluator->evaluate(*run.training.energy);
  std::vector<Line> lines;
  for (const auto& [name, value] : values) lines.push_back({name, metric(name).unit, metric(name).meaning, value});
  if (!options.data.empty()) {
    for (auto& line : lines_of_points(options, run, values)) lines.push_back(std::move(line));
  }
  if (options.json) {
    Json object = Json::object();
    for (const auto& line : lines) object[line.name] = line.value;
    fmt::print("{}\n", object.dump(2));
    return;
  }
  for (const auto& line : lines) {
    fmt::print("{:<18} {:<14.8g} {:<28} {}\n", line.name, line.value, line.unit, line.meaning);
  }
}

}  // namespace ebm
