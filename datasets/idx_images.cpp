#include "dualebm/datasets/idx_images.hpp"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include <set>

#include "dualebm/datasets/files/bytes.hpp"
#include "dualebm/datasets/files/file_checks.hpp"
#include "dualebm/datasets/files/idx.hpp"
#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

Idx images_of(const IdxImagesOptions& options) {
  require_path(options.images, "dataset.images", "train-images-idx3-ubyte.gz");
  return parse_idx(read_bytes(options.images), options.images, 2, 4);
}

std::int64_t numbers_of_a_row(const Idx& array) {
  std::int64_t product = 1;
  for (std::size_t side = 1; side < array.shape.size(); ++side) product *= array.shape[side];
  return product;
}

/// The numbers of the images of the class that is kept; all of them where none is asked for.
FileRows kept_images(const IdxImagesOptions& options, std::int64_t count) {
  require(!options.labels.empty() || options.keep_label.empty(),
          "dataset.keep_label: \"{}\" is given, but no dataset.labels", options.keep_label);
  if (options.labels.empty()) return FileRows::all(count);
  const auto labels = parse_idx(read_bytes(options.labels), options.labels, 1, 1);
  require(static_cast<std::int64_t>(labels.size()) == count, "{}: {} labels, but {} images in {}",
          options.labels, labels.size(), count, options.images);
  if (options.keep_label.empty()) return FileRows::all(count);
  std::set<std::string> found;
  FileRows rows{.kept = {}, .count = count};
  for (std::int64_t image = 0; image < count; ++image) {
    const auto label = fmt::format("{:g}", labels.value(static_cast<std::size_t>(image)));
    found.insert(label);
    if (label == options.keep_label) rows.kept.push_back(image);
  }
  require(!rows.kept.empty(), "{}: no image has the label \"{}\"; those that occur: {}", options.labels,
          options.keep_label, fmt::join(found, ", "));
  return rows;
}

torch::ScalarType type_of(IdxType type) {
  switch (type) {
    case IdxType::unsigned_byte:
      return torch::kByte;
    case IdxType::signed_byte:
      return torch::kChar;
    case IdxType::int16:
      return torch::kShort;
    case IdxType::int32:
      return torch::kInt;
    case IdxType::float32:
      return torch::kFloat;
    case IdxType::float64:
      break;
  }
  return torch::kDouble;
}

/// {c, h, w} of an array [n, h, w] or [n, c, h, w]; nothing for plain rows
std::vector<std::int64_t> image_of(const Idx& array) {
  const auto& shape = array.shape;
  if (shape.size() == 2) return {};
  return {shape.size() == 4 ? shape[1] : 1, shape[shape.size() - 2], shape[shape.size() - 1]};
}

/// [n, numbers of an image], of the type of the file; the array must outlive it.
torch::Tensor rows_of(Idx& array, bool transpose) {
  const auto pixels = torch::from_blob(array.values.data(), array.shape, type_of(array.type));
  const auto turned = transpose ? pixels.transpose(-1, -2) : pixels;
  return turned.reshape({array.shape[0], numbers_of_a_row(array)});
}

Dataset read_images(const DatasetContext& context, const IdxImagesOptions& options) {
  auto array = images_of(options);
  const auto count = array.shape[0], columns = numbers_of_a_row(array);
  require_dimension("idx", options.images, columns, *context.domain);
  require(!options.transpose || array.shape.size() > 2, "dataset.transpose: the rows of {} are no images",
          options.images);
  const auto rows = kept_images(options, count);
  const auto kept = rows_of(array, options.transpose).index_select(0, torch::tensor(rows.kept, torch::kLong));
  // Divided as bytes, an eighth of their size as numbers.
  auto parts = split_rows(kept, rows, options, context.random);
  for (auto* part : {&parts.train, &parts.validation, &parts.test}) {
    if (part->defined()) *part = part->to(torch::kDouble);
  }
  parts.image = image_of(array);
  if (options.transpose) std::swap(parts.image[1], parts.image[2]);
  parts.origin = fmt::format("{} rows of {} numbers, array ({}) of {}", kept.size(0), columns,
                             fmt::join(array.shape, ", "), c10::toString(type_of(array.type)));
  if (options.transpose) parts.origin += ", transposed";
  if (kept.size(0) < count)
    parts.origin += fmt::format("; {} of other labels left out", count - kept.size(0));
  return parts;
}

}  // namespace

void IdxImagesOptions::describe(Fields& fields) {
  fields.path("images", images,
              "IDX file of images or rows, packed by gzip or not: train-images-idx3-ubyte.gz");
  fields.path("labels", labels, "IDX file of their classes; needed for keep_label alone");
  fields.text("keep_label", keep_label, "keep only images of this class, e.g. \"3\"; empty: all");
  fields.boolean("transpose", transpose,
                 "whether lines and columns of the images change places, as in EMNIST");
  SplitOptions::describe(fields);
}

Dataset read_idx_images(const DatasetContext& context, const IdxImagesOptions& options) {
  return read_images(context, checked(options, "idx"));
}

torch::Tensor load_idx(const IdxImagesOptions& options) {
  auto array = images_of(options);
  return rows_of(array, options.transpose).to(torch::kDouble, /*non_blocking=*/false, /*copy=*/true);
}

std::int64_t dimension_of(const IdxImagesOptions& options) { return numbers_of_a_row(images_of(options)); }

}  // namespace ebm
