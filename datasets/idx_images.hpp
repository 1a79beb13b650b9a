#pragma once

#include "dualebm/datasets/split.hpp"
#include "dualebm/framework/problem/dataset.hpp"

namespace ebm {

/// What read_idx_images reads.
struct IdxImagesOptions : SplitOptions {
  std::string images;      ///< file of the images
  std::string labels;      ///< file of their classes; empty: none
  std::string keep_label;  ///< only images of this class; empty: all
  bool transpose = false;  ///< lines for columns, as EMNIST needs
  void describe(Fields& fields);
};

/// Rows or images in the IDX format, as MNIST and Fashion-MNIST come: a row is an image, line by line, of
/// numbers 0 to 255 where the file has bytes.
/// @throws UserError for what parse_idx refuses, for labels that are not as many as the images, and for
/// images that are no points of the domain's R^d.
Dataset read_idx_images(const DatasetContext& context, const IdxImagesOptions& options);

/// Every image of the file in its order, whatever its label: [n, numbers of an image], double.
torch::Tensor load_idx(const IdxImagesOptions& options);

/// How many numbers an image of the file has, for whoever wants to know before there is a domain.
std::int64_t dimension_of(const IdxImagesOptions& options);

}  // namespace ebm
