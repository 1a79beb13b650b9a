#pragma once

#include "dualebm/framework/experiment/catalogue.hpp"

namespace ebm {

/// Registers every dataset of this room. Points come out on the CPU in double precision, those of mapped
/// files in that of the file. Your own is a function:
///
///     struct LineOptions {
///       std::int64_t count = 100;
///       void describe(Fields& fields) {
///         fields.integer("count", count, Range::at_least(2), "number of points");
///       }
///     };
///     Dataset draw_line(const DatasetContext&, const LineOptions& options) {
///       Dataset parts;
///       parts.train = torch::linspace(-1, 1, options.count, torch::kDouble).unsqueeze(1);
///       return parts;
///     }
///     catalogue.datasets.add<LineOptions>("line", "equally spaced points of [-1, 1]", draw_line);
void add_datasets(Catalogue& catalogue);

}  // namespace ebm
