#pragma once

#include <torch/types.h>

#include <filesystem>
#include <string>

#include "dualebm/datasets/files/number_table.hpp"
#include "dualebm/framework/problem/domain.hpp"

namespace ebm {

/// The numbers of a table as they stand. @return [rows, columns], double; takes the numbers over
torch::Tensor tensor_of(NumberTable& table);

/// Latitude and longitude in degrees, the two columns of the table, as points of S²:
/// x = (cos lat cos lon, cos lat sin lon, sin lat); latitude in [-90, 90], longitude in [-180, 360].
/// @return [n, 3], double @throws UserError naming file and line of the first bad row.
torch::Tensor lat_lon_points(const NumberTable& table);

/// Looks for coordinates outside the range of their coordinate of the domain. Beyond walls they are refused;
/// where the range wraps they are other names of points inside, and allowed.
/// @return what is to be said of it: "; 3 of phi in [-180, 180) or [0, 360) only modulo 360"; empty: nothing
/// @throws UserError naming file, line, column and value of the first beyond a wall
std::string check_ranges(const NumberTable& table, const Domain& domain);

/// The same for an array. @param points [n, columns] @param path  of the file, for messages
std::string check_ranges(const torch::Tensor& points, const std::string& path, const Domain& domain);

/// Rows with a number for each coordinate of the domain, as they stand where it has coordinates of
/// its own; else ambient points, retracted. On a sphere rows must have length 1 to 1e-3, between
/// walls check_ranges holds.
/// @return [n, coordinates], double @throws UserError naming file and line of the first bad row.
torch::Tensor coordinate_points(NumberTable table, const Domain& domain);

/// The columns x0 ... x{d-1}, whatever their case.
ColumnChoice choose_coordinates(const CsvReader& reader, const Domain& domain);

/// Points of a file in whatever dialect: the columns x0 ... x{d-1}.
torch::Tensor read_coordinates(const std::filesystem::path& path, const Domain& domain);

/// The same, or on S² latitude and longitude where the header has them.
torch::Tensor read_points(const std::filesystem::path& path, const Domain& domain);

/// The way back, for S²: latitude and longitude in degrees, [n, 2]. @param points [n, 3]
torch::Tensor to_lat_lon(const torch::Tensor& points);

}  // namespace ebm
