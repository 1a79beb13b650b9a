#pragma once

#include <torch/types.h>

#include <filesystem>

#include "dualebm/framework/problem/domain.hpp"

namespace ebm {

/// Rows of latitude and longitude in degrees as points of S²: x = (cos lat cos lon, cos lat sin lon, sin
/// lat). Columns lat_deg, lat or latitude and lon_deg, lon, lng or longitude; latitude in [-90, 90],
/// longitude in [-180, 360].
/// @return [n, 3], double @throws UserError naming file and line of the first bad row.
torch::Tensor read_lat_lon(const std::filesystem::path& path);

/// Rows of ambient coordinates, columns x0 ... x{d-1}; on a sphere they must have length 1 to 1e-3 and are
/// normalised.
/// @return [n, d], double @throws UserError naming file and line of the first bad row.
torch::Tensor read_coordinates(const std::filesystem::path& path, const Domain& domain);

/// Either of the two, by the header: latitude and longitude on S², coordinates otherwise.
torch::Tensor read_points(const std::filesystem::path& path, const Domain& domain);

/// The way back, for S²: latitude and longitude in degrees, [n, 2]. @param points [n, 3]
torch::Tensor to_lat_lon(const torch::Tensor& points);

}  // namespace ebm
