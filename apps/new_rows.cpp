#include "dualebm/apps/new_rows.hpp"

#include <ATen/ATen.h>

#include <filesystem>
#include <fstream>

#include "dualebm/datasets/files/file_kind.hpp"
#include "dualebm/datasets/files/points.hpp"
#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

std::string first_bytes(const std::string& path) {
  require_plain_file(path);
  std::ifstream file(path, std::ios::binary);
  std::string bytes(6, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

/// Sets an option that this kind of dataset has.
void set_if_there(Json& section, const char* key, const Json& value) {
  if (section.contains(key)) section[key] = value;
}

/// All of it goes to one part, in the order of the file.
Json without_split(Json section) {
  for (const char* key : {"split", "validation_path", "test_path", "labels", "keep_label"})
    set_if_there(section, key, "");
  for (const char* key : {"validation_share", "test_share"}) set_if_there(section, key, 0);
  return section;
}

/// The section of a table with the columns that the run knows; latitude and longitude under any of their
/// usual names, unless the configuration names them.
Json with_own_columns(Json section, const std::vector<std::string>& columns) {
  if (columns.empty() || !section.contains("columns")) return section;
  section["columns"] = columns;
  set_if_there(section, "drop", Json::array());
  set_if_there(section, "label", "");
  return section;
}

/// The section "dataset" that reads the file; none where the run's own says nothing about such a file.
std::optional<Json> section_for(const std::string& path, const LoadedEnergy& run) {
  const auto& own = run.experiment.dataset.resolved();
  const auto bytes = first_bytes(path);
  const bool archive = bytes.starts_with("PK"), numpy = bytes.starts_with("\x93NUMPY");
  const bool images = bytes.starts_with(std::string_view("\0\0", 2));
  const bool packed = bytes.starts_with("\x1f\x8b");
  const auto whole = [&](Json section, const char* key) {
    section[key] = std::filesystem::absolute(path).lexically_normal().string();
    return without_split(std::move(section));
  };
  if (archive || numpy) {
    Json section = own.value("name", "") == "npy" ? own : Json{{"name", "npy"}};
    if (!archive) set_if_there(section, "array", "");
    section.update({{"validation_share", 0}, {"test_share", 0}});
    return whole(std::move(section), "path");
  }
  if (images || (packed && own.contains("images"))) {
    Json section = own.contains("images") ? own : Json{{"name", "idx"}};
    section.update({{"validation_share", 0}, {"test_share", 0}});
    return whole(std::move(section), "images");
  }
  const bool table = own.contains("delimiter");
  if (!own.contains("path") || (own.value("name", "") == "npy" && !packed)) return std::nullopt;
  return whole(table ? with_own_columns(own, run.columns) : own, "path");
}

/// Points of a run whose data came from no file of this kind.
torch::Tensor plain_points(const std::string& path, const LoadedEnergy& run) {
  if (run.transform->empty()) return read_points(path, *run.domain);
  // Raw points lie anywhere, whatever the domain is that the transforms take them to.
  return read_coordinates(path, Euclidean(static_cast<std::int64_t>(run.domain->coordinates().size())));
}

void require_on_domain(const torch::Tensor& points, const Domain& domain, const std::string& path) {
  const auto bad = domain.contains(points).logical_not().nonzero();
  require(bad.size(0) == 0, "{}: {} of {} rows are no points of the domain {}, the first is row {} (from 0)",
          path, bad.size(0), points.size(0), domain.name(),
          bad.size(0) > 0 ? bad[0][0].item<std::int64_t>() : 0);
}

}  // namespace

NewRows read_new_rows(const std::string& path, const LoadedEnergy& run, torch::Device device,
                      const Catalogue& catalogue) {
  NewRows rows;
  const auto seed = run.experiment.data_seed();
  if (const auto section = section_for(path, run)) {
    Random unused(seed, "new rows");
    const auto data = *catalogue.datasets.read(*section, "dataset").make({run.domain, nullptr, unused});
    rows = {data.train.to(torch::kCPU, torch::kDouble), {}, data.origin, data.columns};
  } else {
    rows.raw = plain_points(path, run);
  }
  require(rows.raw.size(0) > 0, "{}: has no rows", path);
  // As in training a transform may draw, as dequantisation does: the numbers are of the same kind.
  Random dither(seed, "transforms of new rows");
  const auto prepared = run.transform->prepare(rows.raw, dither);
  require(prepared.dim() == 2 && prepared.size(1) == run.domain->dimension(),
          "{}: rows of {} numbers, and the run's domain has {}", path, prepared.size(-1),
          run.domain->dimension());
  require_on_domain(prepared, *run.domain, path);
  rows.points = prepared.to(torch::TensorOptions(run.experiment.dtype()).device(device));
  return rows;
}

}  // namespace ebm
