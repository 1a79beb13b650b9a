#include "apps/report.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

#include "datasets/points.hpp"
#include "framework/callbacks/metrics_file.hpp"
#include "framework/checkpoint.hpp"
#include "framework/error.hpp"

namespace ebm {
namespace {

Json run_json(const TrainingRun& run) {
  Json records = Json::array();
  for (const auto& record : run.records) records.push_back(to_json(record));
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

}  // namespace

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
