#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "dualebm/datasets/files/csv.hpp"

namespace ebm {

/// Row numbers of the training, the validation and the test part.
using SplitParts = std::array<std::vector<std::int64_t>, 3>;

/// The parts that a table with the columns row (from 0) and split (train, val or validation, test) names.
/// Rows are counted in the file of the data, before any is left out for its label or a gap.
/// @param kept  which rows of the file the data have, ascending @param rows  of the file
/// @return places within `kept` @throws UserError naming file and line if a row that was kept is missed, and
/// if any is repeated or unknown.
SplitParts read_split_parts(const CsvTable& table, const std::vector<std::int64_t>& kept, std::int64_t rows);

}  // namespace ebm
