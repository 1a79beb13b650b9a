#include <ATen/ATen.h>
#include <fmt/format.h>

#include "dualebm/apps/command_line.hpp"
#include "dualebm/datasets/files/points.hpp"
#include "dualebm/framework/base/output.hpp"
#include "dualebm/framework/compute/device.hpp"
#include "dualebm/framework/experiment/loaded_energy.hpp"

namespace ebm {
namespace {

struct Line {
  std::string name, unit, meaning;
  double value;
};

/// The user's own points as the energy knows them.
torch::Tensor points_of(const std::string& path, const LoadedEnergy& run,
                        const torch::TensorOptions& options) {
  if (run.transform->empty()) return read_points(path, *run.domain).to(options);
  // Raw points lie anywhere, whatever the domain is that the transforms take them to.
  const Euclidean raw(run.domain->dimension());
  return run.transform->forward(read_coordinates(path, raw)).to(options);
}

/// Mean energy and likelihood of the user's own points.
std::vector<Line> lines_of_points(const EvaluateOptions& options, const Problem& problem,
                                  const LoadedEnergy& run, const MetricValues& values) {
  const auto points = points_of(options.data, run, problem.data().train.options());
  const double mean = energy_at(*run.energy, points).mean().item<double>();
  std::vector<Line> lines = {{"energy_data", "nats",
                              fmt::format("mean energy of the {} points of {}", points.size(0), options.data),
                              mean}};
  if (const double* log_z = find_metric(values, "log_z")) {
    lines.push_back({"nll_data", "nats, per area", fmt::format("negative log-likelihood of {}", options.data),
                     mean + *log_z + run.domain->log_area() - run.transform->log_determinant()});
  }
  return lines;
}

}  // namespace

void evaluate(const EvaluateOptions& options, const Catalogue& catalogue) {
  const auto device = parse_device(options.device);
  const auto run = load_energy_of(options.run, device, catalogue);
  const auto prepared = make_problem(run.experiment, device);
  require_same_data(RunDirectory::open(options.run), *prepared.problem);
  const auto values = prepared.evaluator->evaluate(*run.energy);
  std::vector<Line> lines;
  for (const auto& [name, value] : values) {
    const auto& metric = prepared.evaluator->description(name);
    lines.push_back({name, metric.unit, metric.meaning, value});
  }
  if (!options.data.empty()) {
    for (auto& line : lines_of_points(options, *prepared.problem, run, values))
      lines.push_back(std::move(line));
  }
  if (options.json) {
    Json object = Json::object();
    for (const auto& line : lines) object[line.name] = line.value;
    show("{}\n", object.dump(2));
    return;
  }
  for (const auto& line : lines) {
    show("{:<30} {:<14.8g} {:<28} {}\n", line.name, line.value, line.unit, line.meaning);
  }
}

}  // namespace ebm
