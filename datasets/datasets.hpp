#pragma once

#include "dualebm/framework/experiment/catalogue.hpp"

namespace ebm {

/// Registers every dataset of this room. Points come out on the CPU in double precision, those of mapped files in
/// that of the file. Your own is a class derived from Dataset whose constructor fills it:
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
///     catalogue.datasets.add<Line>("line", "equally spaced points of [-1, 1]");
void add_datasets(Catalogue& catalogue);

}  // namespace ebm
