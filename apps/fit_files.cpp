#include "dualebm/apps/fit_files.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "dualebm/datasets/files/bytes.hpp"
#include "dualebm/datasets/files/column_names.hpp"
#include "dualebm/datasets/files/csv_reader.hpp"
#include "dualebm/datasets/idx_images.hpp"
#include "dualebm/datasets/npy.hpp"
#include "dualebm/datasets/point_files.hpp"
#include "dualebm/datasets/table_csv.hpp"

namespace ebm {
namespace {

constexpr std::int64_t most_rows_looked_at = 100000;

}  // namespace

bool starts_as_idx(const std::string& bytes) {
  return bytes.size() > 4 && bytes[0] == 0 && bytes[1] == 0 && bytes[2] >= 8;
}

FileKind kind_of(const FitCommandOptions& options) {
  const auto bytes = read_bytes(options.data);
  if (starts_as_idx(bytes)) return FileKind::images;
  if (bytes.starts_with("\x93NUMPY") || bytes.starts_with("PK\x03\x04"))
    return load_npy(options.data).dim() > 2 ? FileKind::images : FileKind::array;
  const CsvReader reader(options.data, bytes);
  const auto& header = reader.header();
  const bool globe = options.columns.empty() && std::any_of(header.begin(), header.end(), means_latitude) &&
                     std::any_of(header.begin(), header.end(), means_longitude);
  return globe ? FileKind::globe : FileKind::table;
}

std::string usual_label(const std::string& path) {
  const CsvReader reader(path, read_bytes(path));
  for (const auto& name : reader.header()) {
    std::string lower;
    for (const char c : name) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    for (const char* usual : {"label", "class", "target", "outcome", "species"}) {
      if (lower == usual) return name;
    }
  }
  return "";
}

torch::Tensor points_of(Json section, std::int64_t dimension, Dataset& dataset) {
  section["validation_share"] = section["test_share"] = 0;
  const bool globe = section.value("name", "") == "lat_lon_csv";
  section.erase("name");
  Random random(0, "look");
  const DatasetContext context{std::make_shared<Euclidean>(dimension), nullptr, random};
  if (globe) {
    dataset = read_lat_lon_csv({std::make_shared<Sphere>(dimension), nullptr, random},
                               read_options<LatLonCsvOptions>(section, "dataset"));
  } else if (section.contains("images")) {
    dataset = read_idx_images(context, read_options<IdxImagesOptions>(section, "dataset"));
  } else if (section.contains("array")) {
    dataset = read_npy(context, read_options<NpyOptions>(section, "dataset"));
  } else {
    dataset = read_table_csv(context, read_options<TableCsvOptions>(section, "dataset"));
  }
  return dataset.train.narrow(0, 0, std::min(dataset.train.size(0), most_rows_looked_at)).to(torch::kDouble);
}

}  // namespace ebm
