#include "dualebm/apps/pictures.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>
#include <span>

#include "dualebm/apps/witness_text.hpp"
#include "dualebm/datasets/files/points.hpp"
#include "dualebm/framework/problem/neuron_energy.hpp"

namespace ebm {
namespace {

/// The first run of each label that has an energy to show, at most seven.
std::vector<const TrainingRun*> shown_runs(const std::vector<TrainingRun>& runs) {
  std::vector<const TrainingRun*> shown;
  std::set<std::string> labels;
  for (const auto& run : runs) {
    if (run.energy && shown.size() < 7 && labels.insert(run.label).second) shown.push_back(&run);
  }
  return shown;
}

/// Numbers rounded to what a picture shows: `per_unit` steps in 1.
Json rounded(const torch::Tensor& values, double per_unit) {
  Json list = Json::array();
  const auto flat = values.to(torch::kCPU, torch::kDouble).reshape(-1).contiguous();
  for (const double value : std::span(flat.data_ptr<double>(), static_cast<std::size_t>(flat.numel()))) {
    list.push_back(std::round(value * per_unit) / per_unit);
  }
  return list;
}

Json neurons_json(const Energy& energy) {
  Json list = Json::array();
  const auto* shallow = as_neuron_energy(energy);
  if (shallow == nullptr) return list;
  const auto neurons = shallow->neurons();
  if (neurons.positions.size(0) > 1000) return list;
  const auto direction = neurons.positions.detach().to(torch::kCPU, torch::kDouble).narrow(1, 0, 3);
  const auto position = direction / direction.norm(2, 1, true);  // a bias has no place on the globe
  const auto weight = neurons.weights.detach().to(torch::kCPU, torch::kDouble);
  const auto sign = neurons.signs.defined() ? neurons.signs.to(torch::kCPU, torch::kDouble) : weight.sign();
  for (std::int64_t j = 0; j < position.size(0); ++j) {
    list.push_back(
        {{"position",
          {position[j][0].item<double>(), position[j][1].item<double>(), position[j][2].item<double>()}},
         {"weight", std::abs(weight[j].item<double>())},
         {"sign", sign[j].item<double>() < 0 ? -1 : 1}});
  }
  return list;
}

/// log Z for a picture: zero where the quadrature leaves it unknown, and the scale is then that of exp(-E).
/// @param options  dtype and device of the energy
double log_z_for_picture(Energy& energy, const Problem& on, const torch::TensorOptions& options) {
  constexpr std::int64_t most = 3000;
  const auto& train = on.data().train;
  // Without a teacher, which is of no use here and costly to look at.
  const Problem problem(on.shared_domain(),
                        {.train = train.narrow(0, 0, std::min(most, train.size(0))).to(options)});
  const Reference reference(problem, {.resolution = 200});
  return Evaluation(energy, problem, reference).log_z().value_or(0);
}

/// log density with respect to area on a grid of latitude and longitude, rounded to what a picture shows.
Json density_json(Energy& energy, const Problem& problem, const torch::TensorOptions& options) {
  constexpr std::int64_t rows = 90, columns = 180;
  constexpr double pi = std::numbers::pi;
  const auto colatitude = (torch::arange(rows, torch::kDouble) + 0.5) * (pi / rows);
  const auto longitude = (torch::arange(columns, torch::kDouble) + 0.5) * (2 * pi / columns) - pi;
  const auto z = colatitude.cos().unsqueeze(1).expand({rows, columns});
  const auto grid = torch::stack({at::outer(colatitude.sin(), longitude.cos()).reshape(-1),
                                  at::outer(colatitude.sin(), longitude.sin()).reshape(-1), z.reshape(-1)},
                                 1);
  const double log_z = log_z_for_picture(energy, problem, options);
  const auto log_density = (-energy_at(energy, grid.to(options)) - log_z - problem.domain().log_area()).cpu();
  return {{"rows", rows}, {"columns", columns}, {"log_density", rounded(log_density, 1e3)}};
}

/// A ring about the place where model and data differ most, and what is to be said of it;
/// null where there is none.
Json witness_ring(Energy& energy, const PreparedProblem& prepared) {
  const auto witness = prepared.evaluator->witness(energy);
  if (!witness) return nullptr;
  const auto centre = prepared.problem->domain().picture() == Picture::globe
                          ? witness->centre / witness->centre.norm()
                          : prepared.problem->domain().coordinates_of(witness->centre.unsqueeze(0))[0];
  return {{"centre", rounded(centre, 1e6)},
          {"width", witness->width},
          {"lacks", witness->coefficient > 0},
          {"text", witness_text(*witness)}};
}

Json places_json(const torch::Tensor& points) {
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

}  // namespace

Json globes_json(const std::vector<TrainingRun>& runs, const PreparedProblem& prepared) {
  const auto& domain = prepared.problem->domain();
  const auto& data = prepared.problem->data();
  Json globes = Json::array();
  if (domain.picture() != Picture::globe) return globes;
  if (data.teacher) {
    auto& teacher = *data.teacher;
    const auto options = data.train.options().dtype(torch::kDouble);
    globes.push_back({{"title", "teacher"},
                      {"density", density_json(teacher, *prepared.problem, options)},
                      {"points", places_json(data.train)},
                      {"neurons", neurons_json(teacher)}});
  }
  for (const auto* run : shown_runs(runs)) {
    const bool without_points = globes.empty();  // the data are drawn once, on the teacher if there is one
    globes.push_back({{"title", run->label},
                      {"density", density_json(*run->energy, *prepared.problem, data.train.options())},
                      {"points", without_points ? places_json(data.train) : Json::array()},
                      {"neurons", neurons_json(*run->energy)},
                      {"witness", witness_ring(*run->energy, prepared)}});
  }
  return globes;
}

namespace {

/// What a picture shows of the two coordinates: centre and half sides, [2] each.
struct Window {
  torch::Tensor centre, half;
};

/// The whole range of a coordinate that has ends; else a side that holds all points with a
/// margin, the same for both.
Window window_of(const torch::Tensor& points, const std::vector<Coordinate>& ranges) {
  auto low = std::get<0>(points.min(0)), high = std::get<0>(points.max(0));
  const auto centre = (low + high) / 2;
  auto half = torch::full({2}, 0.575 * (high - low).max().item<double>(), torch::kDouble);
  for (std::size_t k = 0; k < ranges.size(); ++k) {
    if (!ranges[k].wraps && !ranges[k].walled()) continue;
    const auto axis = static_cast<std::int64_t>(k);
    centre[axis] = (ranges[k].low + ranges[k].high) / 2;
    half[axis] = (ranges[k].high - ranges[k].low) / 2;
  }
  return {centre, half};
}

/// "phi (°)": the column of the data, or x₀ and x₁, with the unit.
Json axes_of(const Dataset& data, const std::vector<Coordinate>& ranges) {
  Json axes = Json::array();
  for (std::size_t k = 0; k < ranges.size(); ++k) {
    const auto name = data.columns.size() == ranges.size() ? data.columns[k] : k == 0 ? "x₀" : "x₁";
    axes.push_back({{"label", ranges[k].unit.empty() ? name : fmt::format("{} ({})", name, ranges[k].unit)},
                    {"wraps", ranges[k].wraps}});
  }
  return axes;
}

/// log density with respect to the volume of the coordinates on a grid, row by row from the top.
Json plane_density(Energy& energy, const Problem& problem, const Window& window,
                   const torch::TensorOptions& options) {
  constexpr std::int64_t side = 120;
  const auto step = (torch::arange(side, torch::kDouble) + 0.5) * (2.0 / side) - 1;
  const auto axes = torch::meshgrid({-step, step}, "ij");
  const auto& domain = problem.domain();
  const auto grid = domain.points_at(
      torch::stack({axes[1].reshape(-1), axes[0].reshape(-1)}, 1) * window.half + window.centre);
  const double log_z = log_z_for_picture(energy, problem, options);
  return {{"rows", side},
          {"columns", side},
          {"log_density", rounded(-energy_at(energy, grid.to(options)) - log_z - domain.log_area(), 1e3)}};
}

}  // namespace

Json planes_json(const std::vector<TrainingRun>& runs, const PreparedProblem& prepared) {
  const auto& domain = prepared.problem->domain();
  const auto& data = prepared.problem->data();
  constexpr std::int64_t most = 3000;
  Json planes = Json::array();
  if (domain.picture() != Picture::plane) return planes;
  const auto& train = data.train;
  const auto options = train.options();
  const auto shown = train.narrow(0, 0, std::min(most, train.size(0))).to(torch::kCPU, torch::kDouble);
  const auto points = domain.coordinates_of(shown);
  const auto ranges = domain.coordinates();
  const auto window = window_of(points, ranges);
  const auto axes = axes_of(data, ranges);
  const auto add = [&](const std::string& title, Json density, Json places, Json witness = nullptr) {
    planes.push_back({{"title", title},
                      {"centre", rounded(window.centre, 1e6)},
                      {"half", rounded(window.half, 1e6)},
                      {"axes", axes},
                      {"density", std::move(density)},
                      {"points", std::move(places)},
                      {"witness", std::move(witness)}});
  };
  Json density = nullptr;
  if (const auto& teacher = data.teacher) {
    density = plane_density(*teacher, *prepared.problem, window, options.dtype(torch::kDouble));
  }
  const auto* title = density.is_null() ? "data" : "data and their density";
  add(title, std::move(density), rounded(points, 1e3));
  for (const auto* run : shown_runs(runs)) {
    add(run->label, plane_density(*run->energy, *prepared.problem, window, options), Json::array(),
        witness_ring(*run->energy, prepared));
  }
  return planes;
}

Json galleries_json(const std::vector<TrainingRun>& runs, const PreparedProblem& prepared) {
  const auto& data = prepared.problem->data();
  constexpr std::int64_t most = 64;
  Json galleries = Json::array();
  const auto& image = data.image;
  if (image.empty()) return galleries;
  const auto raw = [&](const torch::Tensor& points) {
    const auto shown = points.narrow(0, 0, std::min(most, points.size(0)));
    return prepared.transform->inverse(shown.to(torch::kCPU, torch::kDouble));
  };
  const auto images_of_data = raw(data.train);
  const double low = images_of_data.min().item<double>(), high = images_of_data.max().item<double>();
  const auto add = [&](const std::string& title, const torch::Tensor& images) {
    galleries.push_back({{"title", title},
                         {"count", images.size(0)},
                         {"channels", image[0]},
                         {"height", image[1]},
                         {"width", image[2]},
                         {"values", rounded(((images - low) * (255 / (high - low))).clamp(0, 255), 1)}});
  };
  add("data", images_of_data);
  for (const auto* run : shown_runs(runs)) {
    if (run->particles.defined()) add(run->label + ": particles", raw(run->particles));
  }
  return galleries;
}

}  // namespace ebm
