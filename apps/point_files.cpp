#include "dualebm/apps/point_files.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <bit>

#include "dualebm/datasets/files/points.hpp"
#include "dualebm/framework/settings/config_file.hpp"

namespace ebm {
namespace {

template <class Number>
std::string rows_of(const torch::Tensor& numbers) {
  std::string text;
  const auto access = numbers.accessor<Number, 2>();
  for (std::int64_t i = 0; i < numbers.size(0); ++i) {
    for (std::int64_t k = 0; k < numbers.size(1); ++k)
      text += fmt::format("{}{}", k ? "," : "", access[i][k]);
    text += '\n';
  }
  return text;
}

}  // namespace

std::vector<std::string> trained_columns(const RunDirectory& directory, std::int64_t count) {
  std::vector<std::string> names;
  if (!std::filesystem::exists(directory.manifest())) return names;
  const auto manifest = read_json_file(directory.manifest().string());
  if (!manifest.is_object() || !manifest.contains("data") || !manifest["data"].is_object()) return names;
  for (const auto& name : manifest["data"].value("columns", Json::array())) {
    if (name.is_string()) names.push_back(name.get<std::string>());
  }
  if (static_cast<std::int64_t>(names.size()) != count) names.clear();
  return names;
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

PointTable table_of(const LoadedEnergy& run, const RunDirectory& directory, const torch::Tensor& points) {
  auto raw = run.transform->inverse(points.to(torch::kCPU, torch::kDouble));
  const bool degrees = run.experiment.dataset.name == "lat_lon_csv";
  if (degrees) raw = to_lat_lon(raw);
  PointTable table{raw.to(run.experiment.dtype()).contiguous(), trained_columns(directory, raw.size(1))};
  if (!table.columns.empty()) return table;
  if (degrees) {
    table.columns = {"lat_deg", "lon_deg"};
  } else {
    for (std::int64_t k = 0; k < raw.size(1); ++k) table.columns.push_back(fmt::format("x{}", k));
  }
  return table;
}

std::string to_csv(const PointTable& table) {
  std::string header;
  for (const auto& name : table.columns) {
    if (!header.empty()) header += ',';
    header += csv_field(name);
  }
  const bool single = table.numbers.scalar_type() == torch::kFloat;
  return fmt::format("{}\n{}", header,
                     single ? rows_of<float>(table.numbers) : rows_of<double>(table.numbers));
}

std::string to_npy(const PointTable& table) {
  static_assert(std::endian::native == std::endian::little, "the header says so");
  const auto bytes = table.numbers.element_size();
  std::string header = fmt::format("{{'descr': '<f{}', 'fortran_order': False, 'shape': ({}, {}), }}", bytes,
                                   table.numbers.size(0), table.numbers.size(1));
  constexpr std::size_t preamble = 10, alignment = 64;
  const auto padding = (alignment - (preamble + header.size() + 1) % alignment) % alignment;
  header += std::string(padding, ' ') + '\n';
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(header.size() & 0xff);
  file += static_cast<char>(header.size() >> 8);
  return file + header +
         std::string(static_cast<const char*>(table.numbers.data_ptr()),
                     static_cast<std::size_t>(table.numbers.numel() * bytes));
}

}  // namespace ebm
