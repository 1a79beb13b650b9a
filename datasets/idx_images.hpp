#pragma once

#include "dualebm/datasets/split.hpp"
#include "dualebm/framework/problem/dataset.hpp"

namespace ebm {

/// Grey images in the IDX format, as MNIST and Fashion-MNIST come: a row is an image, line by line, of
/// numbers 0 to 255.
struct IdxImages final : Dataset {
  struct Options : SplitOptions {
    std::string images;      ///< file of the images
    std::string labels;      ///< file of their classes; empty: none
    std::string keep_label;  ///< only images of this class; empty: all
    void describe(Fields& fields);
  };

  /// @throws UserError for what parse_idx refuses, for labels that are not as many as the images, and for
  /// images that are no points of the domain's R^d.
  IdxImages(const DatasetContext& context, const Options& options);
};

}  // namespace ebm
