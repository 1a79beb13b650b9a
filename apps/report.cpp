#include "apps/report.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <set>

#include "datasets/points.hpp"
#include "framework/checkpoint.hpp"
#include "framework/error.hpp"

namespace ebm {
namespace {

double on_axis(const Progress& progress, const std::string& axis) {
  if (axis == "iteration") return static_cast<double>(progress.iteration);
  if (axis == "gradient_evaluations") return static_cast<double>(progress.gradient_evaluations);
  return progress.seconds;
}

const Record* record_at(const TrainingRun& run, const std::string& axis, std::optional<double> bound) {
  const Record* last = nullptr;
  for (const auto& record : run.records) {
    if (!bound || on_axis(record.progress, axis) <= *bound * (1 + 1e-12)) last = &record;
  }
  return last;
}

/// Metrics that occur, in the order of the registry.
std::vector<MetricDescription> metrics_of(const std::vector<TrainingRun>& runs) {
  std::set<std::string> present;
  for (const auto& run : runs) {
    for (const auto& record : run.records) {
      for (const auto& [name, value] : record.metrics) present.insert(name);
    }
  }
  std::vector<MetricDescription> result;
  std::copy_if(metrics().begin(), metrics().end(), std::back_inserter(result),
               [&](const auto& entry) { return present.count(entry.name) > 0; });
  return result;
}

/// What a column of a table is called, for metrics and axes alike.
std::pair<std::string, std::string> label_and_unit(const std::string& name) {
  if (name == "seconds") return {"training time", "s"};
  if (name == "gradient_evaluations") return {"gradient evaluations", ""};
  if (name == "iteration") return {"iterations", ""};
  return {metric(name).label, metric(name).unit};
}

std::vector<std::string> labels_of(const std::vector<TrainingRun>& runs) {
  std::vector<std::string> labels;
  for (const auto& run : runs) {
    if (std::find(labels.begin(), labels.end(), run.label) == labels.end()) labels.push_back(run.label);
  }
  return labels;
}

Json statistic_json(const Statistic& statistic) {
  const auto deviation = statistic.deviation();
  return {{"mean", statistic.mean()},
          {"std", deviation ? Json(*deviation) : Json(nullptr)},
          {"median", statistic.median()},
          {"values", statistic.values}};
}

Json run_json(const TrainingRun& run) {
  Json records = Json::array();
  for (const auto& record : run.records) {
    Json entry = {{"iteration", record.progress.iteration},
                  {"seconds", record.progress.seconds},
                  {"gradient_evaluations", record.progress.gradient_evaluations}};
    for (const auto& [name, value] : record.metrics) entry[name] = value;
    records.push_back(std::move(entry));
  }
  return {{"label", run.label}, {"seed", run.seed}, {"status", run.status}, {"records", std::move(records)}};
}

Json neurons_json(const Energy& energy) {
  Json list = Json::array();
  const auto neurons = energy.neurons();
  if (!neurons || neurons->positions.size(0) > 1000) return list;
  const auto direction = neurons->positions.detach().to(torch::kCPU, torch::kDouble).narrow(1, 0, 3);
  const auto position = direction / direction.norm(2, 1, true);  // a bias has no place on the globe
  const auto weight = neurons->weights.detach().to(torch::kCPU, torch::kDouble);
  const auto sign = neurons->signs.defined() ? neurons->signs.to(torch::kCPU, torch::kDouble) : weight.sign();
  for (std::int64_t j = 0; j < position.size(0); ++j) {
    list.push_back(
        {{"position",
          {position[j][0].item<double>(), position[j][1].item<double>(), position[j][2].item<double>()}},
         {"weight", std::abs(weight[j].item<double>())},
         {"sign", sign[j].item<double>() < 0 ? -1 : 1}});
  }
  return list;
}

/// log density with respect to area on a grid of latitude and longitude, rounded to what a picture shows.
Json density_json(Energy& energy, const Domain& domain, const torch::TensorOptions& options) {
  constexpr std::int64_t rows = 90, columns = 180;
  constexpr double pi = std::numbers::pi;
  const auto colatitude = (torch::arange(rows, torch::kDouble) + 0.5) * (pi / rows);
  const auto longitude = (torch::arange(columns, torch::kDouble) + 0.5) * (2 * pi / columns) - pi;
  const auto z = colatitude.cos().unsqueeze(1).expand({rows, columns});
  const auto grid = torch::stack({at::outer(colatitude.sin(), longitude.cos()).reshape(-1),
                                  at::outer(colatitude.sin(), longitude.sin()).reshape(-1), z.reshape(-1)},
                                 1);
  const auto rule = domain.quadrature(200);
  const double log_z = rule->log_integral(energy_at(energy, rule->points.to(options)).cpu());
  const auto log_density = (-energy_at(energy, grid.to(options)) - log_z - domain.log_area()).cpu();
  Json values = Json::array();
  for (std::int64_t i = 0; i < log_density.size(0); ++i) {
    values.push_back(std::round(log_density[i].item<double>() * 1e3) / 1e3);
  }
  return {{"rows", rows}, {"columns", columns}, {"log_density", std::move(values)}};
}

Json points_json(const torch::Tensor& points) {
  constexpr std::int64_t most = 6000;
  Json list = Json::array();
  const auto shown = points.narrow(0, 0, std::min(most, points.size(0))).to(torch::kCPU, torch::kDouble);
  const auto places = to_lat_lon(shown);
  for (std::int64_t i = 0; i < places.size(0); ++i) {
    list.push_back({std::round(places[i][0].item<double>() * 1e2) / 1e2,
                    std::round(places[i][1].item<double>() * 1e2) / 1e2});
  }
  return list;
}

Json globes_json(const Report& report, const Problem& problem) {
  Json globes = Json::array();
  if (problem.domain->name() != "sphere" || problem.domain->dimension() != 3) return globes;
  if (problem.dataset.teacher) {
    auto& teacher = *problem.dataset.teacher;
    const auto options = problem.dataset.train.options().dtype(torch::kDouble);
    globes.push_back({{"title", "teacher"},
                      {"density", density_json(teacher, *problem.domain, options)},
                      {"points", points_json(problem.dataset.train)},
                      {"neurons", neurons_json(teacher)}});
  }
  std::set<std::string> shown;
  for (const auto& run : report.runs) {
    if (!run.energy || globes.size() >= 8 || !shown.insert(run.label).second) continue;
    const bool without_points = globes.empty();  // the data are drawn once, on the teacher if there is one
    globes.push_back(
        {{"title", run.label},
         {"density", density_json(*run.energy, *problem.domain, problem.dataset.train.options())},
         {"points", without_points ? points_json(problem.dataset.train) : Json::array()},
         {"neurons", neurons_json(*run.energy)}});
  }
  return globes;
}

std::string replaced(std::string text, const std::string& mark, const std::string& by) {
  const auto place = text.find(mark);
  if (place != std::string::npos) text.replace(place, mark.size(), by);
  return text;
}

std::string escaped_for_script(std::string json) {
  for (std::size_t i = 0; (i = json.find("</", i)) != std::string::npos; i += 3) json.replace(i, 2, "<\\/");
  return json;
}

std::string escaped_for_html(const std::string& text) {
  std::string result;
  for (const char c : text) result += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
  return result;
}

std::string cell_text(const Statistic& statistic) {
  const auto [least, greatest] = std::minmax_element(statistic.values.begin(), statistic.values.end());
  if (*least == *greatest)
    return *least == std::round(*least) ? fmt::format("{}", *least) : fmt::format("{:.4g}", *least);
  return fmt::format("{:.3g} [{:.3g}, {:.3g}]", statistic.median(), *least, *greatest);
}

/// Characters that a terminal shows: UTF-8 continuation bytes take no column.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

double Statistic::mean() const {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::optional<double> Statistic::deviation() const {
  if (values.size() < 2) return std::nullopt;
  double sum = 0;
  for (const double value : values) sum += (value - mean()) * (value - mean());
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

double Statistic::median() const {
  auto sorted = values;
  std::sort(sorted.begin(), sorted.end());
  const auto middle = sorted.size() / 2;
  return sorted.size() % 2 ? sorted[middle] : 0.5 * (sorted[middle - 1] + sorted[middle]);
}

double common_reach(const std::vector<TrainingRun>& runs, const std::string& axis) {
  double reach = std::numeric_limits<double>::infinity();
  for (const auto& run : runs) {
    if (run.energy) reach = std::min(reach, on_axis(run.records.back().progress, axis));
  }
  return reach;
}

namespace {

const char* const axes[] = {"iteration", "gradient_evaluations", "seconds"};

/// One row a label; `choose` finds the record that stands for a run, or none.
template <class Choose>
Table gather(const std::string& title, const std::vector<TrainingRun>& runs,
             const std::vector<std::string>& names, Choose choose) {
  Table table{.title = title, .rows = {}};
  for (const auto& label : labels_of(runs)) {
    TableRow row{.label = label};
    for (const auto& name : names) row.columns.push_back({name, {}});
    for (const char* axis : axes) row.columns.push_back({axis, {}});
    for (const auto& run : runs) {
      if (run.label != label) continue;
      ++row.planned;
      const Record* record = run.energy ? choose(run) : nullptr;
      if (!record) continue;
      ++row.seeds;
      for (auto& [name, statistic] : row.columns) {
        if (const double* value = find_metric(record->metrics, name)) {
          statistic.values.push_back(*value);
        } else if (std::find(std::begin(axes), std::end(axes), name) != std::end(axes)) {
          statistic.values.push_back(on_axis(record->progress, name));
        }
      }
    }
    std::erase_if(row.columns, [](const auto& column) { return column.second.values.empty(); });
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace

Table table_at(const std::string& title, const std::vector<TrainingRun>& runs, const std::string& axis,
               std::optional<double> bound) {
  std::vector<std::string> names;
  for (const auto& entry : metrics_of(runs)) {
    // An error bound is watched in its own figure; as a column it would crowd out what it bounds.
    if (entry.name != "quadrature_error") names.push_back(entry.name);
  }
  return gather(title, runs, names, [&](const TrainingRun& run) { return record_at(run, axis, bound); });
}

Table table_to_target(const std::vector<TrainingRun>& runs, const std::string& metric, double value) {
  const auto first_within = [&](const TrainingRun& run) -> const Record* {
    for (const auto& record : run.records) {
      const double* found = find_metric(record.metrics, metric);
      if (found && *found <= value) return &record;
    }
    return nullptr;
  };
  return gather(fmt::format("until {} <= {:g}", metric, value), runs, {}, first_within);
}

std::string to_text(const Table& table) {
  std::vector<std::vector<std::string>> lines(table.rows.size() + 1);
  lines[0] = {"", "seeds"};
  std::vector<std::string> names;
  for (const auto& row : table.rows) {
    for (const auto& [name, statistic] : row.columns) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  for (const auto& name : names) lines[0].push_back(name);
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    lines[i + 1] = {table.rows[i].label, fmt::format("{}/{}", table.rows[i].seeds, table.rows[i].planned)};
    for (const auto& name : names) {
      std::string text = "-";
      for (const auto& [column, statistic] : table.rows[i].columns) {
        if (column == name) text = cell_text(statistic);
      }
      lines[i + 1].push_back(text);
    }
  }
  std::vector<std::size_t> widths(lines[0].size(), 0);
  for (const auto& line : lines) {
    for (std::size_t k = 0; k < line.size(); ++k) widths[k] = std::max(widths[k], width_of(line[k]));
  }
  std::string text = table.title + "\n";
  for (const auto& line : lines) {
    std::string row;
    for (std::size_t k = 0; k < line.size(); ++k) {
      const std::string padding(widths[k] - width_of(line[k]), ' ');
      row += k == 0 ? line[k] + padding : "  " + padding + line[k];
    }
    text += row + "\n";
  }
  return text;
}

Json to_json(const Table& table) {
  Json columns = Json::array({{{"name", "label"}, {"label", "trainer"}, {"unit", ""}}});
  Json rows = Json::array();
  std::vector<std::string> seen;
  for (const auto& row : table.rows) {
    Json line = {{"label", row.label}, {"seeds", row.seeds}};
    for (const auto& [name, statistic] : row.columns) {
      line[name] = statistic_json(statistic);
      if (std::find(seen.begin(), seen.end(), name) != seen.end()) continue;
      seen.push_back(name);
      const auto [label, unit] = label_and_unit(name);
      columns.push_back({{"name", name}, {"label", label}, {"unit", unit}});
    }
    rows.push_back(std::move(line));
  }
  return {{"title", table.title}, {"columns", std::move(columns)}, {"rows", std::move(rows)}};
}

void write_report(const std::filesystem::path& path, const Report& report, const Problem& problem) {
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
                     {"globes", globes_json(report, problem)},
                     {"configuration", report.configuration},
                     {"manifest", report.manifest}};
  auto text = replaced(page::skeleton, "{{title}}", escaped_for_html(title));
  text = replaced(text, "{{style}}", page::style);
  text = replaced(text, "{{script}}", page::script);
  write_atomically(path,
                   replaced(text, "{{data}}",
                            escaped_for_script(data.dump(-1, ' ', false, Json::error_handler_t::replace))));
}

}  // namespace ebm
