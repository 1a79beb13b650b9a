#include "datasets/csv.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>

#include "framework/error.hpp"

namespace ebm {
namespace {

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  for (std::size_t begin = 0;;) {
    const auto comma = line.find(',', begin);
    fields.push_back(trimmed(line.substr(begin, comma - begin)));
    if (comma == std::string::npos) return fields;
    begin = comma + 1;
  }
}

}  // namespace

std::string CsvTable::place(std::size_t row) const { return fmt::format("{}:{}", path.string(), row + 2); }

std::size_t CsvTable::column(const std::vector<std::string>& names) const {
  for (const auto& name : names) {
    const auto found = std::find(header.begin(), header.end(), name);
    if (found != header.end()) return static_cast<std::size_t>(found - header.begin());
  }
  fail("{}:1: no column {}; the header has {}", path.string(), fmt::join(names, " or "),
       fmt::join(header, ", "));
}

double CsvTable::number(std::size_t row, std::size_t column) const {
  const auto& text = rows[row][column];
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  require(error == std::errc() && end == text.data() + text.size() && std::isfinite(value),
          "{}: {} is not a finite number: \"{}\"", place(row), header[column], text);
  return value;
}

CsvTable read_csv(const std::filesystem::path& path) {
  std::ifstream file(path);
  require(file.good() && std::filesystem::is_regular_file(path), "{}: cannot be opened for reading",
          path.string());
  CsvTable table{.path = path, .header = {}, .rows = {}};
  std::string line;
  require(static_cast<bool>(std::getline(file, line)) && !trimmed(line).empty(),
          "{}: empty; a header line and rows are expected", path.string());
  if (line.starts_with("\xef\xbb\xbf")) line.erase(0, 3);
  table.header = fields_of(line);
  while (std::getline(file, line)) {
    table.rows.push_back(fields_of(line));
    const auto row = table.rows.size() - 1;
    require(table.rows[row].size() == table.header.size(), "{}: {} fields, but the header has {}",
            table.place(row), trimmed(line).empty() ? 0 : table.rows[row].size(), table.header.size());
  }
  require(!table.rows.empty(), "{}: no rows after the header", path.string());
  return table;
}

}  // namespace ebm
