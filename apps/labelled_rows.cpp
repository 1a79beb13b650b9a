#include "dualebm/apps/labelled_rows.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

#include "dualebm/apps/point_files.hpp"
#include "dualebm/datasets/files/bytes.hpp"
#include "dualebm/datasets/files/column_names.hpp"
#include "dualebm/datasets/files/csv.hpp"
#include "dualebm/datasets/files/points.hpp"
#include "dualebm/datasets/idx_images.hpp"
#include "dualebm/datasets/npy.hpp"
#include "dualebm/datasets/point_files.hpp"
#include "dualebm/datasets/table_csv.hpp"
#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

/// The options of a section.
Json without_name(Json section) {
  section.erase("name");
  return section;
}

/// The options of the run's own dataset, where it is of this kind.
template <class Options>
Options own_options(const Experiment& experiment) {
  return read_options<Options>(without_name(experiment.dataset.resolved()), "dataset");
}

bool has_column(const CsvReader& reader, const std::string& name) {
  const auto& header = reader.header();
  return std::find(header.begin(), header.end(), name) != header.end();
}

/// Labels of the rows that were kept, by a pass of their own.
void read_labels(LabelledRows& found, CsvReader reader) {
  const auto table = read_csv(std::move(reader));
  const auto column = table.column(found.label);
  for (const auto row : found.rows) found.labels.push_back(table.rows[static_cast<std::size_t>(row)][column]);
}

/// A text table, whose columns `choose` picks and whose numbers `points` makes points of.
template <class Choose, class Points>
LabelledRows read_text(const std::string& path, const TableFormat& format, const std::string& label,
                       Choose choose, Points points) {
  const auto bytes = read_bytes(path);
  CsvReader reader(path, bytes, format);
  const auto choice = choose(reader);
  auto table = read_numbers(reader, choice, {.missing = format.missing});
  LabelledRows found{.points = {}, .rows = table.rows, .labels = {}, .label = label, .origin = table.summary};
  found.points = points(std::move(table));
  if (!label.empty()) read_labels(found, CsvReader(path, bytes, format));
  return found;
}

/// The label that was asked for, or that of the run where this file has it too.
std::string label_in(const std::string& path, const TableFormat& format, const std::string& asked,
                     const std::string& own) {
  if (!asked.empty() || own.empty()) return asked;
  return has_column(CsvReader(path, read_bytes(path), format), own) ? own : "";
}

LabelledRows read_arrays(const LoadedEnergy& run, const std::string& path, const std::string& label) {
  require(label.empty(), "--label: {} is an array without columns", path);
  LabelledRows found;
  if (run.experiment.dataset.name == "idx") {
    auto options = own_options<IdxImagesOptions>(run.experiment);
    options.images = path;
    found.points = load_idx(options);
  } else {
    const auto array = load_npy(path, own_options<NpyOptions>(run.experiment).array);
    found.points = array.dim() == 1 ? array.unsqueeze(1) : array.flatten(1);
  }
  found.rows.resize(static_cast<std::size_t>(found.points.size(0)));
  std::iota(found.rows.begin(), found.rows.end(), 0);
  found.origin = fmt::format("{} rows of {} numbers", found.points.size(0), found.points.size(1));
  return found;
}

LabelledRows read_raw(const LoadedEnergy& run, const RunDirectory& directory, const std::string& path,
                      const std::string& label, const Domain& raw) {
  const auto& name = run.experiment.dataset.name;
  const auto coordinates = [&](NumberTable table) { return coordinate_points(std::move(table), raw); };
  if (name == "npy" || name == "idx") return read_arrays(run, path, label);
  if (name == "lat_lon_csv") {
    const auto own = own_options<LatLonCsvOptions>(run.experiment);
    return read_text(
        path, own, label,
        [&](const CsvReader& reader) { return choose_lat_lon(reader, own.latitude, own.longitude); },
        [](const NumberTable& table) { return lat_lon_points(table); });
  }
  if (name == "table_csv") {
    const auto own = own_options<TableCsvOptions>(run.experiment);
    auto columns = trained_columns(directory, raw.dimension());
    if (columns.empty()) columns = own.columns;
    return read_text(
        path, own, label_in(path, own, label, own.label),
        [&](const CsvReader& reader) { return choose_columns(reader, {.columns = columns}); }, coordinates);
  }
  PointsCsvOptions own;
  if (name == "points_csv") own = own_options<PointsCsvOptions>(run.experiment);
  return read_text(
      path, own, label,
      [&](const CsvReader& reader) {
        return own.columns.empty() ? choose_coordinates(reader, raw)
                                   : choose_columns(reader, {.columns = own.columns});
      },
      coordinates);
}

}  // namespace

LabelledRows read_labelled_rows(const LoadedEnergy& run, const RunDirectory& directory,
                                const std::string& path, const std::string& label) {
  // Raw points lie anywhere, whatever the domain is that the transforms take them to.
  const Euclidean anywhere(static_cast<std::int64_t>(run.domain->coordinates().size()));
  const Domain& raw = run.transform->empty() ? *run.domain : static_cast<const Domain&>(anywhere);
  auto found = read_raw(run, directory, path, label, raw);
  require(found.points.size(1) == raw.dimension(), "{}: rows of {} numbers, and the run was trained on {}",
          path, found.points.size(1), raw.dimension());
  const torch::NoGradGuard no_grad;
  found.points = run.transform->forward(found.points.to(torch::kDouble)).to(run.experiment.dtype());
  return found;
}

}  // namespace ebm
