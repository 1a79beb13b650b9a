#include "dualebm/datasets/files/split_file.hpp"

#include <cmath>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/printable.hpp"

namespace ebm {
namespace {

std::size_t part_of(const std::string& name, const std::string& place) {
  if (name == "train") return 0;
  if (name == "val" || name == "validation") return 1;
  if (name == "test") return 2;
  fail("{}: split is train, val or test, found \"{}\"", place, printable(name));
}

}  // namespace

SplitParts read_split_parts(const CsvTable& table, const std::vector<std::int64_t>& kept, std::int64_t rows) {
  const auto row_column = table.column("row"), split_column = table.column("split");
  constexpr std::int64_t left_out = -1;
  std::vector<std::int64_t> place(static_cast<std::size_t>(rows), left_out);
  for (std::size_t at = 0; at < kept.size(); ++at)
    place[static_cast<std::size_t>(kept[at])] = static_cast<std::int64_t>(at);
  SplitParts parts;
  std::vector<bool> seen(static_cast<std::size_t>(rows), false);
  for (std::size_t line = 0; line < table.rows.size(); ++line) {
    const double row = table.number(line, row_column);
    require(row >= 0 && row < static_cast<double>(rows) && row == std::trunc(row),
            "{}: row {:g} is not one of the data's rows 0 to {}", table.place(line), row, rows - 1);
    const auto index = static_cast<std::size_t>(row);
    require(!seen[index], "{}: row {} comes twice", table.place(line), index);
    seen[index] = true;
    const auto part = part_of(table.rows[line][split_column], table.place(line));
    if (place[index] != left_out) parts[part].push_back(place[index]);
  }
  for (const auto row : kept) {
    require(seen[static_cast<std::size_t>(row)], "{}: row {} of the data has no split", table.path.string(),
            row);
  }
  return parts;
}

}  // namespace ebm
