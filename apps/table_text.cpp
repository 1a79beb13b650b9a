#include "dualebm/apps/table_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace ebm {
namespace {

/// Of a value, of which three or four digits are shown.
constexpr double least_error_shown = 1e-4;

std::string cell_text(const Statistic& statistic) {
  const auto [least, greatest] = std::minmax_element(statistic.values.begin(), statistic.values.end());
  const auto error = statistic.median_error();
  const bool shows = error && *error >= least_error_shown * std::abs(statistic.median());
  const auto tail = shows ? fmt::format(" ± {:.2g}", *error) : "";
  if (*least == *greatest)
    return (*least == std::round(*least) ? fmt::format("{}", *least) : fmt::format("{:.4g}", *least)) + tail;
  return fmt::format("{:.3g} [{:.3g}, {:.3g}]{}", statistic.median(), *least, *greatest, tail);
}

/// Characters that a terminal shows: UTF-8 continuation bytes take no column.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

std::string aligned(const std::vector<std::vector<std::string>>& lines, std::optional<std::size_t> width) {
  std::vector<std::size_t> widths(lines[0].size(), 0);
  for (const auto& line : lines) {
    for (std::size_t k = 0; k < line.size(); ++k) widths[k] = std::max(widths[k], width_of(line[k]));
  }
  std::string text;
  for (std::size_t first = 1, end = 1; end < widths.size() || first == 1; first = end) {
    auto taken = widths[0];
    while (end < widths.size() && (end == first || !width || taken + 2 + widths[end] <= *width))
      taken += 2 + widths[end++];
    if (first > 1) text += '\n';
    for (const auto& line : lines) {
      text += line[0] + std::string(widths[0] - width_of(line[0]), ' ');
      for (auto k = first; k < end; ++k)
        text += "  " + std::string(widths[k] - width_of(line[k]), ' ') + line[k];
      text += '\n';
    }
    if (end == widths.size()) break;
  }
  return text;
}

std::string to_text(const Table& table, std::optional<std::size_t> width) {
  std::vector<std::vector<std::string>> lines(table.rows.size() + 1);
  lines[0] = {"", "seeds"};
  std::vector<std::string> names;
  for (const auto& row : table.rows) {
    for (const auto& [name, statistic] : row.columns) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  for (const auto& name : names) lines[0].push_back(name);
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    lines[i + 1] = {table.rows[i].label, fmt::format("{}/{}", table.rows[i].seeds, table.rows[i].planned)};
    for (const auto& name : names) {
      std::string text = "-";
      for (const auto& [column, statistic] : table.rows[i].columns) {
        if (column == name) text = cell_text(statistic);
      }
      lines[i + 1].push_back(text);
    }
  }
  return table.title + "\n" + aligned(lines, width);
}

}  // namespace ebm
