#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "dualebm/apps/command_line.hpp"
#include "dualebm/apps/new_rows.hpp"
#include "dualebm/apps/point_files.hpp"
#include "dualebm/apps/witness_text.hpp"
#include "dualebm/framework/base/output.hpp"
#include "dualebm/framework/compute/device.hpp"
#include "dualebm/framework/experiment/loaded_energy.hpp"

namespace ebm {
namespace {

struct Line {
  std::string name, unit, meaning;
  double value;
};

/// Mean energy and likelihood of rows that the run has not seen, each with its standard error.
std::vector<Line> lines_of_rows(const std::string& path, const NewRows& rows, const LoadedEnergy& run,
                                const MetricValues& values) {
  const auto energy = energy_at(*run.energy, rows.points);
  const auto count = energy.size(0);
  const double mean = energy.mean().item<double>();
  std::vector<Line> lines = {
      {"energy_data", "nats", fmt::format("mean energy of the {} points of {}", count, path), mean}};
  const double* log_z = find_metric(values, "log_z");
  if (log_z != nullptr) {
    lines.push_back({"nll_data", "nats, per area", fmt::format("negative log-likelihood of {}", path),
                     mean + *log_z + run.domain->log_area() - run.transform->log_determinant()});
  }
  if (count > 1) {
    lines.push_back({log_z != nullptr ? "nll_data_standard_error" : "energy_data_standard_error", "nats",
                     "of the mean over these points",
                     energy.std().item<double>() / std::sqrt(static_cast<double>(count))});
  }
  return lines;
}

/// The columns of the data at the witness.
Json place_of(const Witness& witness, const LoadedEnergy& run, const RunDirectory& directory) {
  const auto table = table_of(run, directory, witness.centre.unsqueeze(0).to(run.experiment.dtype()));
  const auto row = table.numbers.to(torch::kDouble)[0];
  Json place = Json::object();
  for (std::size_t k = 0; k < table.columns.size(); ++k)
    place[table.columns[k]] = row[static_cast<std::int64_t>(k)].item<double>();
  return place;
}

/// "witness: at latitude 35.2, longitude 139: ..."
std::string line_of_witness(const Witness& witness, const Json& place) {
  constexpr std::size_t most = 3;
  std::vector<std::string> numbers;
  for (const auto& [name, value] : place.items()) {
    if (numbers.size() == most) {
      numbers.push_back("...");
      break;
    }
    numbers.push_back(fmt::format("{} {:.4g}", name, value.get<double>()));
  }
  return fmt::format("witness: at {}: {}", fmt::join(numbers, ", "), witness_text(witness));
}

}  // namespace

void evaluate(const EvaluateOptions& options, const Catalogue& catalogue) {
  const auto device = parse_device(options.device);
  auto run = load_energy_of(options.run, device, catalogue);
  run.experiment.evaluation.evaluator.duality_gap = true;  // once, it may take its time
  const auto prepared = make_problem(run.experiment, device);
  require_same_data(RunDirectory::open(options.run), *prepared.problem);
  const auto values = prepared.evaluator->evaluate(*run.energy);
  if (is_left_out(values))
    note("log Z is not known: {}; raise metrics.most_nodes\n",
         prepared.evaluator->quadrature_verdict(*run.energy));
  std::vector<Line> lines;
  for (const auto& [name, value] : values) {
    const auto& metric = prepared.evaluator->description(name);
    lines.push_back({name, metric.unit, metric.meaning, value});
  }
  if (!options.data.empty()) {
    const auto rows = read_new_rows(options.data, run, device, catalogue);
    if (!rows.origin.empty()) note("data: {}\n", rows.origin);
    for (auto& line : lines_of_rows(options.data, rows, run, values)) lines.push_back(std::move(line));
  }
  const auto witness = prepared.evaluator->witness(*run.energy);
  const auto place = witness ? place_of(*witness, run, RunDirectory::open(options.run)) : Json();
  if (options.json) {
    Json object = Json::object();
    for (const auto& line : lines) object[line.name] = line.value;
    if (witness) object["witness"] = witness_json(*witness, place);
    show("{}\n", object.dump(2));
    return;
  }
  for (const auto& line : lines) {
    show("{:<30} {:<14.8g} {:<28} {}\n", line.name, line.value, line.unit, line.meaning);
  }
  if (witness) show("{}\n", line_of_witness(*witness, place));
}

}  // namespace ebm
