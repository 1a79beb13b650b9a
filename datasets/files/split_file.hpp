#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "dualebm/datasets/files/csv.hpp"

namespace ebm {

/// Row numbers of the training, the validation and the test part.
using SplitParts = std::array<std::vector<std::int64_t>, 3>;

/// The parts that a table with the columns row (from 0) and split (train, val or validation, test) names.
/// @param rows  of the data @throws UserError naming file and line if a row is missed, repeated or unknown.
SplitParts read_split_parts(const CsvTable& table, std::int64_t rows);

}  // namespace ebm
