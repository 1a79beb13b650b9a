#include "dualebm/datasets/files/points.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "dualebm/datasets/files/csv.hpp"
#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

constexpr double degree = std::numbers::pi / 180;

const std::vector<std::string> latitude_names = {"lat_deg", "lat", "latitude"};
const std::vector<std::string> longitude_names = {"lon_deg", "lon", "lng", "longitude"};

torch::Tensor lat_lon_points(const CsvTable& table) {
  const auto latitude_column = table.column(latitude_names), longitude_column = table.column(longitude_names);
  auto points = torch::empty({static_cast<std::int64_t>(table.rows.size()), 3}, torch::kDouble);
  auto access = points.accessor<double, 2>();
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    const double latitude = table.number(row, latitude_column),
                 longitude = table.number(row, longitude_column);
    require(std::abs(latitude) <= 90, "{}: latitude {:g} is not in [-90, 90] degrees", table.place(row),
            latitude);
    require(longitude >= -180 && longitude <= 360, "{}: longitude {:g} is not in [-180, 360] degrees",
            table.place(row), longitude);
    auto point = access[static_cast<std::int64_t>(row)];
    point[0] = std::cos(latitude * degree) * std::cos(longitude * degree);
    point[1] = std::cos(latitude * degree) * std::sin(longitude * degree);
    point[2] = std::sin(latitude * degree);
  }
  return points;
}

torch::Tensor coordinate_points(const CsvTable& table, const Domain& domain) {
  std::vector<std::size_t> columns;
  for (std::int64_t k = 0; k < domain.dimension(); ++k)
    columns.push_back(table.column({fmt::format("x{}", k)}));
  auto points =
      torch::empty({static_cast<std::int64_t>(table.rows.size()), domain.dimension()}, torch::kDouble);
  auto access = points.accessor<double, 2>();
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    double square = 0;
    for (std::size_t k = 0; k < columns.size(); ++k) {
      const double value = table.number(row, columns[k]);
      access[static_cast<std::int64_t>(row)][static_cast<std::int64_t>(k)] = value;
      square += value * value;
    }
    require(domain.name() != "sphere" || std::abs(std::sqrt(square) - 1) <= 1e-3,
            "{}: a point of the unit sphere has length 1, this one has {:g}", table.place(row),
            std::sqrt(square));
  }
  return domain.retract(points);
}

}  // namespace

torch::Tensor read_lat_lon(const std::filesystem::path& path) { return lat_lon_points(read_csv(path)); }

torch::Tensor read_coordinates(const std::filesystem::path& path, const Domain& domain) {
  return coordinate_points(read_csv(path), domain);
}

torch::Tensor read_points(const std::filesystem::path& path, const Domain& domain) {
  const auto table = read_csv(path);
  const bool geographic =
      std::any_of(latitude_names.begin(), latitude_names.end(), [&](const std::string& name) {
        return std::find(table.header.begin(), table.header.end(), name) != table.header.end();
      });
  if (geographic && domain.name() == "sphere" && domain.dimension() == 3) return lat_lon_points(table);
  return coordinate_points(table, domain);
}

torch::Tensor to_lat_lon(const torch::Tensor& points) {
  const auto x = points.select(1, 0), y = points.select(1, 1), z = points.select(1, 2);
  return torch::stack({z.clamp(-1, 1).asin(), torch::atan2(y, x)}, 1) / degree;
}

}  // namespace ebm
