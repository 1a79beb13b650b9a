#include "dualebm/datasets/idx_images.hpp"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include <set>

#include "dualebm/datasets/files/bytes.hpp"
#include "dualebm/datasets/files/file_checks.hpp"
#include "dualebm/datasets/files/idx.hpp"

namespace ebm {
namespace {

/// The numbers of the images of the class that is kept; all of them where none is asked for.
std::vector<std::int64_t> kept_images(const IdxImages::Options& options, std::int64_t count) {
  require(!options.labels.empty() || options.keep_label.empty(),
          "dataset.keep_label: \"{}\" is given, but no dataset.labels", options.keep_label);
  std::string labels;
  if (!options.labels.empty()) {
    labels = parse_idx(read_bytes(options.labels), options.labels, 1).values;
    require(static_cast<std::int64_t>(labels.size()) == count, "{}: {} labels, but {} images in {}",
            options.labels, labels.size(), count, options.images);
  }
  std::set<int> found;
  std::vector<std::int64_t> kept;
  for (std::int64_t image = 0; image < count; ++image) {
    if (!options.keep_label.empty()) {
      const int label = static_cast<unsigned char>(labels[static_cast<std::size_t>(image)]);
      found.insert(label);
      if (std::to_string(label) != options.keep_label) continue;
    }
    kept.push_back(image);
  }
  require(!kept.empty(), "{}: no image has the label \"{}\"; those that occur: {}", options.labels,
          options.keep_label, fmt::join(found, ", "));
  return kept;
}

Dataset read_images(const DatasetContext& context, const IdxImages::Options& options) {
  require_path(options.images, "dataset.images", "train-images-idx3-ubyte.gz");
  auto array = parse_idx(read_bytes(options.images), options.images, 3);
  const auto count = array.shape[0], height = array.shape[1], width = array.shape[2];
  require_dimension("idx", options.images, height * width, *context.domain);
  const auto pixels = torch::from_blob(array.values.data(), {count, height * width}, torch::kByte);
  const auto kept = pixels.index_select(0, torch::tensor(kept_images(options, count), torch::kLong));
  // Divided as bytes, an eighth of their size as numbers.
  auto parts = split_rows(kept, options, context.random);
  for (auto* part : {&parts.train, &parts.validation, &parts.test}) {
    if (part->defined()) *part = part->to(torch::kDouble);
  }
  parts.image = {1, height, width};
  return parts;
}

}  // namespace

void IdxImages::Options::describe(Fields& fields) {
  fields.text("images", images, "IDX file of grey images, packed by gzip or not: train-images-idx3-ubyte.gz");
  fields.text("labels", labels, "IDX file of their classes; needed for keep_label alone");
  fields.text("keep_label", keep_label, "keep only images of this class, e.g. \"3\"; empty: all");
  SplitOptions::describe(fields);
}

IdxImages::IdxImages(const DatasetContext& context, const Options& options)
    : Dataset(read_images(context, checked(options, "idx"))) {}

}  // namespace ebm
