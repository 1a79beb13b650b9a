#include "dualebm/datasets/files/points.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "dualebm/datasets/files/bytes.hpp"
#include "dualebm/datasets/files/column_names.hpp"
#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

constexpr double degree = std::numbers::pi / 180;

}  // namespace

torch::Tensor tensor_of(NumberTable& table) {
  const auto numbers = std::make_shared<std::vector<double>>(std::move(table.numbers));
  const auto rows = static_cast<std::int64_t>(table.rows.size()),
             columns = static_cast<std::int64_t>(table.columns.size());
  return torch::from_blob(
      numbers->data(), {rows, columns}, [numbers](void*) {}, torch::kDouble);
}

namespace {

/// Angles are written from 0 or about 0: both ways are in order, and what is beyond both is said.
bool usual(const Coordinate& range, double value) {
  const double period = range.high - range.low;
  return (value >= range.low && value <= range.high) || (value >= -period / 2 && value <= period);
}

/// @param place, name  of a row and of a column, for messages
template <class Place, class Name>
std::string ranges_of(const torch::Tensor& points, const Domain& domain, Place place, Name name) {
  const auto ranges = domain.coordinates();
  std::string note;
  for (std::size_t k = 0; k < ranges.size() && k < static_cast<std::size_t>(points.size(1)); ++k) {
    const auto& range = ranges[k];
    if (!range.walled() && !range.wraps) continue;
    const auto column = points.select(1, static_cast<std::int64_t>(k)).to(torch::kDouble).contiguous();
    const auto* values = column.data_ptr<double>();
    std::int64_t wrapped = 0;
    for (std::int64_t row = 0; row < column.size(0); ++row) {
      const double value = values[row];
      if (range.wraps) {
        if (!usual(range, value)) ++wrapped;
      } else if (!(value >= range.low && value <= range.high)) {
        fail("{}: {} is {:g}, and the domain {} has walls at {:g} and {:g}", place(row), name(k), value,
             domain.name(), range.low, range.high);
      }
    }
    if (wrapped > 0)
      note += fmt::format("; {} of {} taken modulo {:g}", wrapped, name(k), range.high - range.low);
  }
  return note;
}

}  // namespace

std::string check_ranges(const NumberTable& table, const Domain& domain) {
  const auto rows = static_cast<std::int64_t>(table.rows.size()),
             columns = static_cast<std::int64_t>(table.columns.size());
  const auto points =
      torch::from_blob(const_cast<double*>(table.numbers.data()), {rows, columns}, torch::kDouble);
  return ranges_of(
      points, domain, [&](std::int64_t row) { return table.place(static_cast<std::size_t>(row)); },
      [&](std::size_t k) { return table.columns[k]; });
}

std::string check_ranges(const torch::Tensor& points, const std::string& path, const Domain& domain) {
  return ranges_of(
      points, domain, [&](std::int64_t row) { return fmt::format("{}: row {} (counted from 0)", path, row); },
      [](std::size_t k) { return fmt::format("x{}", k); });
}

torch::Tensor lat_lon_points(const NumberTable& table) {
  auto points = torch::empty({static_cast<std::int64_t>(table.rows.size()), 3}, torch::kDouble);
  auto access = points.accessor<double, 2>();
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    const double latitude = table.numbers[2 * row], longitude = table.numbers[2 * row + 1];
    if (!(std::abs(latitude) <= 90))
      fail("{}: latitude {:g} is not in [-90, 90] degrees", table.place(row), latitude);
    if (!(longitude >= -180 && longitude <= 360))
      fail("{}: longitude {:g} is not in [-180, 360] degrees", table.place(row), longitude);
    auto point = access[static_cast<std::int64_t>(row)];
    point[0] = std::cos(latitude * degree) * std::cos(longitude * degree);
    point[1] = std::cos(latitude * degree) * std::sin(longitude * degree);
    point[2] = std::sin(latitude * degree);
  }
  return points;
}

torch::Tensor coordinate_points(NumberTable table, const Domain& domain) {
  check_ranges(table, domain);
  const auto points = tensor_of(table);
  const auto access = points.accessor<double, 2>();
  const bool on_sphere = dynamic_cast<const Sphere*>(&domain) != nullptr;
  for (std::int64_t row = 0; on_sphere && row < points.size(0); ++row) {
    double square = 0;
    for (std::int64_t k = 0; k < points.size(1); ++k) square += access[row][k] * access[row][k];
    if (!(std::abs(std::sqrt(square) - 1) <= 1e-3)) {
      fail("{}: a point of the unit sphere has length 1, this one has {:g}",
           table.place(static_cast<std::size_t>(row)), std::sqrt(square));
    }
  }
  return domain.has_own_coordinates() ? points : domain.retract(points);
}

ColumnChoice choose_coordinates(const CsvReader& reader, const Domain& domain) {
  ColumnChoice choice;
  for (std::size_t k = 0; k < domain.coordinates().size(); ++k)
    choice.numbers.push_back(find_column(reader.header(), fmt::format("x{}", k), reader.path().string()));
  return choice;
}

torch::Tensor read_coordinates(const std::filesystem::path& path, const Domain& domain) {
  CsvReader reader(path, read_bytes(path));
  const auto choice = choose_coordinates(reader, domain);
  return coordinate_points(read_numbers(reader, choice, {}), domain);
}

torch::Tensor read_points(const std::filesystem::path& path, const Domain& domain) {
  CsvReader reader(path, read_bytes(path));
  const auto& header = reader.header();
  const bool globe = domain.picture() == Picture::globe;
  const bool places = globe && std::any_of(header.begin(), header.end(), means_latitude);
  const auto choice = places ? choose_lat_lon(reader, "", "") : choose_coordinates(reader, domain);
  auto table = read_numbers(reader, choice, {});
  return places ? lat_lon_points(table) : coordinate_points(std::move(table), domain);
}

torch::Tensor to_lat_lon(const torch::Tensor& points) {
  const auto x = points.select(1, 0), y = points.select(1, 1), z = points.select(1, 2);
  return torch::stack({z.clamp(-1, 1).asin(), torch::atan2(y, x)}, 1) / degree;
}

}  // namespace ebm
