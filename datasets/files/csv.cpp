#include "dualebm/datasets/files/csv.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "dualebm/datasets/files/bytes.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/printable.hpp"

namespace ebm {
namespace {

constexpr std::size_t header_limit = 400;

std::string listed(const std::vector<std::string>& names) {
  return printable(fmt::format("{}", fmt::join(names, ", ")), header_limit);
}

}  // namespace

std::string CsvTable::place(std::size_t row) const { return fmt::format("{}:{}", path.string(), lines[row]); }

std::size_t CsvTable::column(const std::vector<std::string>& names) const {
  for (const auto& name : names) {
    const auto found = std::find(header.begin(), header.end(), name);
    if (found != header.end()) return static_cast<std::size_t>(found - header.begin());
  }
  fail("{}:1: no column {}; the header has {}", path.string(), fmt::join(names, " or "), listed(header));
}

double CsvTable::number(std::size_t row, std::size_t column) const {
  return csv_number(rows[row][column], header[column], place(row));
}

CsvTable read_csv(CsvReader reader) {
  CsvTable table{.path = reader.path(), .header = reader.header(), .rows = {}, .lines = {}};
  while (reader.next()) {
    table.rows.push_back(reader.fields());
    table.lines.push_back(reader.line());
  }
  require(!table.rows.empty(), "{}: no rows after the header", table.path.string());
  return table;
}

CsvTable read_csv(const std::filesystem::path& path) { return read_csv(CsvReader(path, read_bytes(path))); }

std::size_t csv_column(const CsvReader& reader, const std::string& name) {
  const auto& header = reader.header();
  const auto count = std::count(header.begin(), header.end(), name);
  require(count == 1, "{}:1: {} column {}; the header has {}", reader.path().string(),
          count == 0 ? "no" : "more than one", name, listed(header));
  return static_cast<std::size_t>(std::find(header.begin(), header.end(), name) - header.begin());
}

}  // namespace ebm
