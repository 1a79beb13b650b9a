#pragma once

#include <memory>

#include "dualebm/framework/compute/random.hpp"
#include "dualebm/framework/problem/dataset.hpp"
#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/framework/settings/registry.hpp"

namespace ebm {

/// What a dataset may know when it is made.
struct DatasetContext {
  std::shared_ptr<Domain> domain;  ///< where its points lie
  std::shared_ptr<Energy>
      teacher;     ///< made from the section `teacher` of the dataset, if there is one; in double
  Random& random;  ///< draws and random splits
};

/// Every dataset by name. Points come out on the CPU in double precision, those of mapped files in that of
/// the file. Your own is a class derived from Dataset whose constructor fills it:
///
///     struct Line final : Dataset {
///       struct Options {
///         std::int64_t count = 100;
///         void describe(Fields& fields) {
///           fields.integer("count", count, Range::at_least(2), "number of points");
///         }
///       };
///       Line(const DatasetContext&, const Options& options) {
///         train = torch::linspace(-1, 1, options.count, torch::kDouble).unsqueeze(1);
///       }
///     };
///     datasets().add<Line>("line", "equally spaced points of [-1, 1]");
Registry<Dataset, DatasetContext>& datasets();

}  // namespace ebm
