#include "dualebm/datasets/npy.hpp"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include <cmath>

#include "dualebm/datasets/files/file_checks.hpp"
#include "dualebm/datasets/files/mapped_file.hpp"
#include "dualebm/datasets/files/npy_header.hpp"
#include "dualebm/datasets/split.hpp"

namespace ebm {
namespace {

/// Goes over the file once, a piece at a time, and lets go of what it has seen.
template <class Number>
void require_finite(MappedFile& file, const NpyHeader& header, const std::string& path) {
  constexpr std::size_t piece = std::size_t{1} << 20;
  const auto* numbers = reinterpret_cast<const Number*>(file.bytes().data() + header.data_offset);
  const auto count = (file.bytes().size() - header.data_offset) / sizeof(Number);
  for (std::size_t begin = 0; begin < count; begin += piece) {
    const auto end = std::min(count, begin + piece);
    bool finite = true;  // first without a branch a number, which is several times quicker
    for (std::size_t i = begin; i < end; ++i) finite &= numbers[i] - numbers[i] == 0;
    for (std::size_t i = begin; !finite && i < end; ++i) {
      const auto columns = static_cast<std::size_t>(header.columns());
      require(std::isfinite(numbers[i]), "{}: row {}, number {} of it (from 0) is {}", path, i / columns,
              i % columns, static_cast<double>(numbers[i]));
    }
    file.release(header.data_offset + begin * sizeof(Number), header.data_offset + end * sizeof(Number));
  }
}

/// {1, h, w} or {c, h, w}; nothing for plain rows
std::vector<std::int64_t> image_of(const torch::Tensor& array) {
  if (array.dim() == 3) return {1, array.size(1), array.size(2)};
  if (array.dim() == 4) return {array.size(1), array.size(2), array.size(3)};
  return {};
}

torch::Tensor points_of(const std::string& path, const Domain& domain) {
  const auto points = map_npy(path).flatten(1);
  require_dimension("npy", path, points.size(1), domain);
  return points;
}

/// A part from a file of its own, of the type of the training part.
torch::Tensor part_of(const std::string& path, const torch::Tensor& train, const Domain& domain) {
  const auto points = points_of(path, domain);
  require(points.scalar_type() == train.scalar_type(), "npy: {} and dataset.path differ in dtype", path);
  return points;
}

}  // namespace

torch::Tensor map_npy(const std::string& path) {
  const auto file = std::make_shared<MappedFile>(path);
  const auto header = parse_npy_header(file->bytes(), path);
  const bool single = header.item_size == 4;
  single ? require_finite<float>(*file, header, path) : require_finite<double>(*file, header, path);
  return torch::from_blob(
      file->data() + header.data_offset, header.shape, [file](void*) {},
      single ? torch::kFloat : torch::kDouble);
}

void Npy::Options::describe(Fields& fields) {
  fields.text("path", path,
              "NumPy .npy file of float32 or float64, a row per point or image; mapped, not copied");
  fields.text("validation_path", validation_path, "the same for validation; empty: a share of path");
  fields.text("test_path", test_path, "the same for testing; empty: a share of path");
  const Range share{.low = 0, .high = 1, .high_included = false};
  fields.number("validation_share", validation_share, share,
                "share of the rows of path, those before the test rows, where there is no validation_path");
  fields.number("test_share", test_share, share,
                "share of the rows of path, the last, where there is no test_path");
}

Npy::Npy(const DatasetContext& context, const Options& given) {
  const auto options = checked(given, "npy");
  require_path(options.path, "dataset.path", "points.npy");
  const auto array = map_npy(options.path);
  const auto points = array.flatten(1);
  require_dimension("npy", options.path, points.size(1), *context.domain);
  const auto held_out = [&](const std::string& path, double share) {
    return path.empty() ? std::llround(share * static_cast<double>(points.size(0))) : 0;
  };
  const auto validation_rows = held_out(options.validation_path, options.validation_share),
             test_rows = held_out(options.test_path, options.test_share);
  const auto train_rows = points.size(0) - validation_rows - test_rows;
  require(train_rows > 0, "dataset: no rows are left to train on");
  static_cast<Dataset&>(*this) = parts_of(points, train_rows, validation_rows);
  if (!options.validation_path.empty()) validation = part_of(options.validation_path, train, *context.domain);
  if (!options.test_path.empty()) test = part_of(options.test_path, train, *context.domain);
  image = image_of(array);
}

}  // namespace ebm
