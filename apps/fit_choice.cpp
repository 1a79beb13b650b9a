#include "dualebm/apps/fit_choice.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "dualebm/apps/fit_files.hpp"
#include "dualebm/datasets/data_check.hpp"
#include "dualebm/datasets/files/bytes.hpp"
#include "dualebm/datasets/idx_images.hpp"
#include "dualebm/datasets/npy.hpp"
#include "dualebm/datasets/table_csv.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/settings/config_file.hpp"

namespace ebm {
namespace {

constexpr std::int64_t least_rows = 20, few_rows = 500;

/// A tenth each, and of few rows a fifth for validation: an early stop needs something to go by.
void set_shares(Json& section, std::int64_t rows, FitChoice& choice) {
  require(rows >= least_rows, "fit: {} rows, and a density needs {} at least", rows, least_rows);
  section["validation_share"] = rows < few_rows ? 0.2 : 0.1;
  section["test_share"] = 0.1;
  choice.reasons.push_back(
      fmt::format("held out   {:g} % for validation, 10 % for the test, at random by the seed",
                  100 * section["validation_share"].get<double>()));
}

/// Of rows, those whose position another row has too.
double share_of_repeats(const torch::Tensor& points) {
  const auto counts = std::get<2>(at::unique_dim(points, 0, true, false, true));
  return counts.masked_select(counts.gt(1)).sum().item<double>() / static_cast<double>(points.size(0));
}

/// κ of bumps from 20° of width down to 0.4°, or to one degree where more than one position in twenty
/// repeats: sharper features would learn by heart which positions come again.
Json concentrations_for(const torch::Tensor& points, FitChoice& choice) {
  constexpr double most_repeats = 0.05;
  const double share = share_of_repeats(points);
  if (share <= most_repeats) {
    choice.reasons.push_back("features   from 20 to 0.4 degrees wide");
    return {8, 40, 200, 1000, 5000, 20000};
  }
  choice.reasons.push_back(
      fmt::format("features   from 20 degrees to one: {:.0f} % of the rows repeat a position", 100 * share));
  return {8, 40, 200, 1000, 3283};
}

/// Bumps by their exact likelihood, from a strong penalty to a weak one, of which the validation likelihood
/// takes the best; as apps/configs/earth.json.
void choose_globe(const FitCommandOptions& options, FitChoice& choice) {
  auto& c = choice.configuration;
  c["domain"] = {{"name", "sphere"}, {"dimension", 3}};
  c["dtype"] = "float64";
  c["dataset"] = {{"name", "lat_lon_csv"}, {"path", options.data}, {"missing", "drop"}};
  choice.reasons.push_back("domain     sphere: the file has latitudes and longitudes");
  Dataset dataset;
  const auto points = points_of(c["dataset"], 3, dataset);
  set_shares(c["dataset"], points.size(0), choice);
  c["energy"] = {{"name", "gaussian_bumps"},
                 {"profile", "compact"},
                 {"concentrations", concentrations_for(points, choice)}};
  c["trainer"] = {{"name", "exact_likelihood"},
                  {"resolution", 200},
                  {"tolerance", 0.02},
                  {"most_nodes", 400000},
                  {"look_every", 1}};
  c["optimizer"] = {{"name", "limited_memory_bfgs"},
                    {"weight_decay_path", {0.1, 0.03, 0.01, 0.005, 0.0025, 0.0012}},
                    {"weight_decay", 0.0006},
                    {"steps_each", 20}};
  c["loop"] = {{"iterations", 150},
               {"seconds", 60 * share_of_training * options.minutes},
               {"early_stop_metric", "nll_validation"},
               {"early_stop_patience", 5}};
  c["metrics"] = {{"every", 10}, {"resolution", 200}, {"tolerance", 0.003}, {"most_nodes", 1000000}};
  choice.reasons.push_back("length     the validation likelihood ends it, log Z by quadrature");
}

/// Columns that are one number throughout.
std::vector<std::string> constant_columns(const torch::Tensor& points,
                                          const std::vector<std::string>& names) {
  std::vector<std::string> constant;
  for (std::int64_t k = 0; k < points.size(1); ++k) {
    const auto column = points.select(1, k);
    if (column.min().item<double>() == column.max().item<double>())
      constant.push_back(names.empty() ? fmt::format("x{}", k) : names[static_cast<std::size_t>(k)]);
  }
  return constant;
}

/// Columns of which at most half of the numbers are distinct, see UndoRounding.
std::int64_t rounded_columns(const torch::Tensor& points) {
  std::int64_t count = 0;
  for (std::int64_t k = 0; k < points.size(1); ++k) {
    const auto distinct = std::get<0>(at::_unique(points.select(1, k).contiguous())).size(0);
    if (distinct > 1 && 2 * distinct <= points.size(0)) ++count;
  }
  return count;
}

Json table_section(const FitCommandOptions& options, FitChoice& choice) {
  Json section = {{"name", "table_csv"},
                  {"path", options.data},
                  {"missing", "drop"},
                  {"columns", options.columns},
                  {"drop", Json::array()},
                  {"label", options.label},
                  {"keep_label", options.keep_label}};
  if (options.label.empty() && options.columns.empty()) {
    section["label"] = usual_label(options.data);
    if (section["label"] != "")
      choice.reasons.push_back(fmt::format("label      {}: left out by its name; --columns takes it in",
                                           section["label"].get<std::string>()));
  }
  Json whole = {{"dataset", section}};
  for (const auto& assignment : options.overrides) {
    if (assignment.starts_with("dataset.")) apply_override(whole, assignment);
  }
  return whole["dataset"];
}

std::int64_t columns_in(const Json& section) {
  Json options = section;
  options.erase("name");
  if (section["name"] == "idx") return dimension_of(read_options<IdxImagesOptions>(options, "dataset"));
  if (section["name"] == "npy") return dimension_of(read_options<NpyOptions>(options, "dataset"));
  return static_cast<std::int64_t>(columns_of(read_options<TableCsvOptions>(options, "dataset")).size());
}

void choose_table(const FitCommandOptions& options, FitChoice& choice, bool array) {
  auto& c = choice.configuration;
  Json section = array ? Json::object({{"name", "npy"}, {"path", options.data}, {"array", ""}})
                       : table_section(options, choice);
  Dataset dataset;
  auto points = points_of(section, columns_in(section), dataset);
  if (const auto constant = constant_columns(points, dataset.columns); !constant.empty()) {
    require(static_cast<std::int64_t>(constant.size()) < points.size(1),
            "fit: {}: every column is one number throughout", options.data);
    require(!array, "fit: {}: columns {} are one number throughout; leave them out of the array",
            options.data, fmt::join(constant, ", "));
    if (options.columns.empty()) {
      for (const auto& name : constant) section["drop"].push_back(name);
    } else {
      std::erase_if(section["columns"].get_ref<Json::array_t&>(), [&](const Json& name) {
        return std::find(constant.begin(), constant.end(), name.get<std::string>()) != constant.end();
      });
    }
    choice.reasons.push_back(fmt::format("left out   {}: one number throughout", fmt::join(constant, ", ")));
    points = points_of(section, columns_in(section), dataset);
  }
  c["domain"] = {{"name", "euclidean"}, {"dimension", points.size(1)}};
  choice.reasons.push_back(fmt::format("domain     R^{}: {}", points.size(1), dataset.origin));
  set_shares(section, points.size(0), choice);
  c["dataset"] = section;
  c["transforms"] = Json::array();
  if (const auto rounded = rounded_columns(points); rounded > 0) {
    c["transforms"].push_back({{"name", "undo_rounding"}});
    choice.reasons.push_back(
        fmt::format("transform  undo_rounding: the numbers of {} columns repeat", rounded));
  }
  c["transforms"].push_back({{"name", "whiten"}});
  choice.reasons.push_back("transform  whiten: so the start is the Gaussian with the covariance of the data");
  for (const auto& found : check_data(points, dataset.columns))
    choice.reasons.push_back(fmt::format("note       {}, {}: {}", found.what, found.where, found.advice));
  c["energy"] = {{"name", "mlp"}, {"hidden", {64, 64, 64}}, {"confinement", 1.0}};
}

void choose_images(const FitCommandOptions& options, FitChoice& choice) {
  auto& c = choice.configuration;
  const bool idx = starts_as_idx(read_bytes(options.data));
  Json section = idx ? Json::object({{"name", "idx"}, {"images", options.data}})
                     : Json::object({{"name", "npy"}, {"path", options.data}, {"array", ""}});
  Dataset dataset;
  const auto points = points_of(section, columns_in(section), dataset);
  const double least = points.min().item<double>(), largest = points.max().item<double>();
  const bool whole = least >= 0 && (points == points.round()).all().item<bool>();
  c["domain"] = {{"name", "euclidean"}, {"dimension", points.size(1)}, {"scale", 0.4}};
  choice.reasons.push_back(fmt::format("domain     R^{}: images, {}", points.size(1), dataset.origin));
  set_shares(section, points.size(0), choice);
  c["dataset"] = section;
  c["transforms"] = Json::array();
  if (whole) {
    c["transforms"].push_back({{"name", "dequantise"}, {"levels", static_cast<std::int64_t>(largest) + 1}});
    choice.reasons.push_back(
        fmt::format("transform  dequantise: whole numbers from {:g} to {:g}", least, largest));
  }
  c["energy"] = {
      {"name", "convolutional"}, {"image", dataset.image}, {"channels", {32, 64, 64}}, {"confinement", 1}};
}

/// By particles, whatever the data.
void choose_particles(FitChoice& choice) {
  auto& c = choice.configuration;
  const bool by_rule = c["domain"]["dimension"].get<int>() <= 2;
  c["trainer"] = {{"name", "dual_gda"}, {"particles", 1000}, {"held_out", 0}};
  c["sampler"] = {{"name", "hmc_and_jumps"}, {"leapfrog_steps", 3}};
  c["optimizer"] = {{"name", "adam"}, {"learning_rate", 0.002}};
  c["optimizer_schedule"] = {{"name", "cosine"}, {"final_factor", 0.02}};
  c["loop"] = {{"batch_size", 500},
               {"average_decay", 0.99},
               {"gradient_clip", 10},
               {"early_stop_metric", by_rule ? "nll_validation" : "nll_validation_annealed"},
               {"early_stop_patience", 20}};
  c["metrics"]["every"] = 100;
  if (!by_rule) c["metrics"]["options"] = {{"nll_validation_annealed", {{"walkers", 256}}}};
  choice.reasons.push_back(fmt::format("length     the validation likelihood ends it, log Z by {}",
                                       by_rule ? "quadrature" : "annealing"));
}

}  // namespace

FitChoice choose_fit(const FitCommandOptions& options) {
  FitChoice choice;
  choice.configuration["title"] = std::filesystem::path(options.data).stem().string();
  const auto kind = kind_of(options);
  if (kind == FileKind::globe) choose_globe(options, choice);
  if (kind == FileKind::table || kind == FileKind::array)
    choose_table(options, choice, kind == FileKind::array);
  if (kind == FileKind::images) choose_images(options, choice);
  if (kind != FileKind::globe) choose_particles(choice);
  choice.configuration["seed"] = options.seed;
  for (const auto& assignment : options.overrides) apply_override(choice.configuration, assignment);
  const auto& c = choice.configuration;
  choice.reasons.push_back(fmt::format("energy     {}", c["energy"].dump()));
  const auto trainer = c["trainer"].value("name", "");
  const char* what = trainer == "exact_likelihood" ? "quadrature on the sphere in place of particles"
                     : trainer == "dual_gda" ? "particles with weights, exact kernels, no step to choose"
                                             : "as told";
  choice.reasons.push_back(fmt::format("trainer    {}: {}", trainer, what));
  return choice;
}

}  // namespace ebm
