#include "dualebm/datasets/npy.hpp"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "dualebm/datasets/files/bytes.hpp"
#include "dualebm/datasets/files/file_checks.hpp"
#include "dualebm/datasets/files/file_kind.hpp"
#include "dualebm/datasets/files/mapped_file.hpp"
#include "dualebm/datasets/files/npy_header.hpp"
#include "dualebm/datasets/files/npy_values.hpp"
#include "dualebm/datasets/files/npz.hpp"
#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

/// Goes over the file once, a piece at a time, and lets go of what it has seen.
template <class Number>
void check_numbers(MappedFile& file, const NpyHeader& header, const std::string& path) {
  constexpr std::size_t piece = std::size_t{1} << 20;
  const auto* numbers = reinterpret_cast<const Number*>(file.bytes().data() + header.data_offset);
  const auto count = (file.bytes().size() - header.data_offset) / sizeof(Number);
  for (std::size_t begin = 0; begin < count; begin += piece) {
    const auto size = std::min(count - begin, piece);
    require_finite(numbers + begin, size, begin, static_cast<std::size_t>(header.columns()), path);
    const auto start = header.data_offset + begin * sizeof(Number);
    file.release(start, start + size * sizeof(Number));
  }
}

torch::Tensor mapped_tensor(const std::shared_ptr<MappedFile>& file, const NpyHeader& header,
                            const std::string& path) {
  const bool single = header.item_size == 4;
  single ? check_numbers<float>(*file, header, path) : check_numbers<double>(*file, header, path);
  return torch::from_blob(
      file->data() + header.data_offset, header.shape, [file](void*) {},
      single ? torch::kFloat : torch::kDouble);
}

torch::Tensor converted_tensor(std::string_view bytes, const NpyHeader& header, const std::string& path) {
  const auto values = std::make_shared<std::vector<double>>(npy_values(bytes, header, path));
  require_finite(values->data(), values->size(), 0, static_cast<std::size_t>(header.columns()), path);
  return torch::from_blob(
      values->data(), header.shape, [values](void*) {}, torch::kDouble);
}

/// What makes of the bytes of a .npy, a .npz or either packed by gzip those of one .npy; empty if they are
/// that already.
std::string unpacked_array(std::string_view bytes, const std::string& array, const std::string& path) {
  if (bytes.starts_with("\x1f\x8b")) {
    auto unpacked = unpack_gzip(std::string(bytes), path);
    auto inner = unpacked_array(unpacked, array, path);
    return inner.empty() ? unpacked : inner;
  }
  if (bytes.starts_with("PK")) return npz_array(bytes, array, path);
  require(array.empty(), "dataset.array: \"{}\" is given, but {} is no .npz", array, path);
  require_no_archive(bytes, path);
  return {};
}

/// [n, numbers of a row]
torch::Tensor rows_of(const torch::Tensor& array) {
  return array.dim() == 1 ? array.unsqueeze(1) : array.flatten(1);
}

/// {1, h, w} or {c, h, w}; nothing for plain rows
std::vector<std::int64_t> image_of(const torch::Tensor& array) {
  if (array.dim() == 3) return {1, array.size(1), array.size(2)};
  if (array.dim() == 4) return {array.size(1), array.size(2), array.size(3)};
  return {};
}

/// A part from a file of its own, of the type of the training part.
torch::Tensor part_of(const std::string& path, const NpyOptions& options, const torch::Tensor& train,
                      const Domain& domain) {
  const bool archive = !options.array.empty();
  const auto points = rows_of(load_npy(path, archive ? options.array : ""));
  require_dimension("npy", path, points.size(1), domain);
  require(points.scalar_type() == train.scalar_type(), "npy: {} and dataset.path differ in dtype", path);
  return points;
}

}  // namespace

torch::Tensor load_npy(const std::string& path, const std::string& array) {
  require_plain_file(path);
  const auto file = std::make_shared<MappedFile>(path);
  const auto unpacked = unpacked_array(file->bytes(), array, path);
  const auto bytes = unpacked.empty() ? file->bytes() : std::string_view(unpacked);
  const auto header = parse_npy_header(bytes, path);
  if (unpacked.empty() && header.is_plain()) return mapped_tensor(file, header, path);
  return converted_tensor(bytes, header, path);
}

std::int64_t dimension_of(const NpyOptions& options) {
  require_path(options.path, "dataset.path", "points.npy");
  require_plain_file(options.path);
  const MappedFile file(options.path);
  const auto unpacked = unpacked_array(file.bytes(), options.array, options.path);
  return parse_npy_header(unpacked.empty() ? file.bytes() : std::string_view(unpacked), options.path)
      .columns();
}

void NpyOptions::describe(Fields& fields) {
  fields.path(
      "path", path,
      "NumPy file, .npy or .npz, packed by gzip or not, a row per point or image; plain .npy is mapped");
  fields.text("array", array, "name of the array in a .npz that has several");
  fields.path("validation_path", validation_path, "the same for validation; empty: a share of path");
  fields.path("test_path", test_path, "the same for testing; empty: a share of path");
  SplitOptions::describe(fields);
}

Dataset read_npy(const DatasetContext& context, const NpyOptions& given) {
  const auto options = checked(given, "npy");
  require_path(options.path, "dataset.path", "points.npy");
  const auto array = load_npy(options.path, options.array);
  const auto points = rows_of(array);
  require_dimension("npy", options.path, points.size(1), *context.domain);
  SplitOptions held_out = options;
  if (!options.validation_path.empty()) held_out.validation_share = 0;
  if (!options.test_path.empty()) held_out.test_share = 0;
  const bool own_files = !options.validation_path.empty() || !options.test_path.empty();
  require(options.split.empty() || !own_files,
          "dataset.split: {} is given, and parts have files of their own (validation_path, test_path)",
          options.split);
  Dataset parts;
  if (options.split.empty() && held_out.validation_share == 0 && held_out.test_share == 0) {
    parts.train = points;
    parts.mapped = true;
  } else {
    parts = split_rows(points, held_out, context.random);
  }
  const auto part = [&](const std::string& path) {
    return part_of(path, options, parts.train, *context.domain);
  };
  if (!options.validation_path.empty()) parts.validation = part(options.validation_path);
  if (!options.test_path.empty()) parts.test = part(options.test_path);
  parts.image = image_of(array);
  parts.origin = fmt::format("{} rows of {} numbers, array ({}) of {}", points.size(0), points.size(1),
                             fmt::join(array.sizes().vec(), ", "), c10::toString(points.scalar_type()));
  return parts;
}

}  // namespace ebm
