#include "dualebm/datasets/files/file_checks.hpp"

#include <fmt/ranges.h>

#include "dualebm/framework/base/error.hpp"

namespace ebm {

void require_path(const std::string& path, const char* key, const char* example) {
  require(!path.empty(), "{}: missing; give a file, e.g. --set {}={}", key, key, example);
}

void require_dimension(const char* dataset, const std::string& file, std::int64_t columns,
                       const Domain& domain) {
  const auto needed = static_cast<std::int64_t>(domain.coordinates().size());
  if (columns == needed) return;
  const auto found =
      fmt::format("{}: {} has {} column{} of numbers", dataset, file, columns, columns == 1 ? "" : "s");
  fail("{}, domain.dimension is {}; set domain.dimension={}", found, needed, columns);
}

void require_image(const char* dataset, const std::string& file, const std::vector<std::int64_t>& image,
                   std::int64_t columns) {
  // Divided and not multiplied: a product of what a user writes may overflow.
  std::int64_t left = columns;
  bool fits = image.size() == 3;
  for (const auto side : image) {
    fits = fits && left % side == 0;
    left = fits ? left / side : 0;
  }
  require(fits && left == 1,
          "{}: dataset.image is [channels, height, width] of the {} columns of {}, found [{}]", dataset,
          columns, file, fmt::join(image, ", "));
}

}  // namespace ebm
