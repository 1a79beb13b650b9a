#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dualebm/framework/problem/domain.hpp"

namespace ebm {

/// Refuses an empty path. @param key  of the configuration, e.g. "dataset.path" @param example  a file name
void require_path(const std::string& path, const char* key, const char* example);

/// Refuses rows that have not a number for each of the domain's coordinates.
/// @param dataset  name in configurations
void require_dimension(const char* dataset, const std::string& file, std::int64_t columns,
                       const Domain& domain);

/// Refuses an image shape {channels, height, width} that is not made of `columns` numbers.
void require_image(const char* dataset, const std::string& file, const std::vector<std::int64_t>& image,
                   std::int64_t columns);

}  // namespace ebm
