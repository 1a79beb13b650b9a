#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "dualebm/apps/table.hpp"

namespace ebm {

/// Cells in columns: the first to the left, the others to the right. What a line has no room for follows
/// below, under the first column once more.
/// @param lines  of one length, the heading first
/// @param width  of a line, in characters; none: any
std::string aligned(const std::vector<std::vector<std::string>>& lines,
                    std::optional<std::size_t> width = std::nullopt);

/// A table as text: "value ± error" and, over several seeds, "median [least, greatest] ± error". An error
/// that no digit of the value shows is left out.
/// @param width  as of `aligned`
std::string to_text(const Table& table, std::optional<std::size_t> width = std::nullopt);

}  // namespace ebm
