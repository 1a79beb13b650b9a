#include "dualebm/datasets/files/column_choice.hpp"

#include <algorithm>

#include "dualebm/datasets/files/column_names.hpp"
#include "dualebm/datasets/files/text_number.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/printable.hpp"

namespace ebm {
namespace {

using TextRows = std::vector<std::vector<std::string>>;

constexpr std::size_t rows_looked_at = 1000;

bool contains(const std::vector<std::size_t>& columns, std::size_t column) {
  return std::find(columns.begin(), columns.end(), column) != columns.end();
}

/// More texts than numbers; the first text is put into `example`. A number of the other decimal sign is none
/// of them: whoever reads it has better advice.
bool holds_text(const TextRows& rows, std::size_t column, std::string& example) {
  std::size_t numbers = 0, texts = 0;
  for (const auto& row : rows) {
    if (column >= row.size() || is_missing(row[column])) continue;
    if (number_of(row[column]) || number_of(row[column], true)) {
      ++numbers;
    } else if (texts++ == 0) {
      example = row[column];
    }
  }
  return texts > numbers;
}

/// 0, 1, 2, ... or 1, 2, 3, ...
bool numbers_rows(const TextRows& rows, std::size_t column) {
  if (rows.empty() || column >= rows[0].size()) return false;
  const std::size_t first = rows[0][column] == "1" ? 1 : 0;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (column >= rows[row].size() || rows[row][column] != std::to_string(first + row)) return false;
  }
  return true;
}

bool is_empty(const TextRows& rows, std::size_t column) {
  return std::all_of(rows.begin(), rows.end(),
                     [&](const auto& row) { return column >= row.size() || row[column].empty(); });
}

std::string header_place(const CsvReader& reader) { return reader.path().string(); }

/// The columns that nobody has named, sorted into those that mean nothing and the coordinates.
void choose_the_rest(const CsvReader& reader, const TextRows& rows, const std::vector<std::size_t>& dropped,
                     ColumnChoice& choice) {
  bool any_name = false;
  for (std::size_t column = 0; column < reader.header().size(); ++column)
    any_name = any_name || !reader.is_nameless(column);
  for (std::size_t column = 0; column < reader.header().size(); ++column) {
    if (contains(dropped, column) || choice.label == column) continue;
    const bool meaningless = any_name && reader.is_nameless(column);
    if (meaningless && numbers_rows(rows, column)) {
      choice.counting.push_back(column);
    } else if (meaningless && is_empty(rows, column)) {
      choice.empty.push_back(column);
    } else {
      choice.numbers.push_back(column);
    }
  }
}

void refuse_text(const CsvReader& reader, const TextRows& rows, const ColumnOptions& options,
                 const ColumnChoice& choice) {
  std::vector<std::string> texts;
  std::string first_example;
  for (const auto column : choice.numbers) {
    std::string example;
    if (!holds_text(rows, column, example)) continue;
    if (texts.empty()) first_example = example;
    const auto& name = reader.header()[column];
    if (std::find(texts.begin(), texts.end(), name) == texts.end()) texts.push_back(name);
  }
  if (texts.empty()) return;
  const bool one = texts.size() == 1;
  const auto what = fmt::format("{}: the column{} {} hold{} text (\"{}\")", header_place(reader),
                                one ? "" : "s", listed(texts), one ? "s" : "", printable(first_example));
  require(options.columns.empty(), "{}, which is no coordinate; leave {} out of dataset.columns", what,
          one ? "it" : "them");
  auto left_out = options.drop;
  left_out.insert(left_out.end(), texts.begin(), texts.end());
  const bool label = options.label.empty();
  fail("{}; leave {} out: --set {}{}", what, one ? "it" : "them", as_list_option("dataset.drop", left_out),
       !label ? ""
       : one  ? fmt::format(", or make it the label: --set {}", as_list_option("dataset.label", texts))
              : ", or make one of them the label: --set dataset.label");
}

}  // namespace

ColumnChoice choose_columns(const CsvReader& reader, const ColumnOptions& options) {
  const auto& header = reader.header();
  const auto rows = reader.sample(rows_looked_at);
  const auto find = [&](const std::string& name) { return find_column(header, name, header_place(reader)); };
  ColumnChoice choice;
  if (!options.label.empty()) choice.label = find(options.label);
  std::vector<std::size_t> dropped;
  for (const auto& name : options.drop) {
    for (const auto column : find_columns(header, name, header_place(reader))) dropped.push_back(column);
  }
  for (const auto& name : options.columns) {
    const auto column = find(name);
    require(!contains(choice.numbers, column), "dataset.columns: {} comes twice", printable(name));
    require(!contains(dropped, column), "dataset.columns: {} is in dataset.drop too", printable(name));
    choice.numbers.push_back(column);
  }
  if (options.columns.empty()) choose_the_rest(reader, rows, dropped, choice);
  refuse_text(reader, rows, options, choice);
  require(!choice.numbers.empty(), "{}: no column is left; the header has {}", header_place(reader),
          listed(header));
  return choice;
}

ColumnChoice choose_lat_lon(const CsvReader& reader, const std::string& latitude,
                            const std::string& longitude) {
  const auto& header = reader.header();
  const auto place = header_place(reader);
  const auto find = [&](const std::string& name, bool (*means)(const std::string&), const char* what) {
    if (!name.empty()) return find_column(header, name, place);
    const auto usual = usual_column(header, means, what, place);
    require(usual.has_value(),
            "{}: no column is called lat, latitude, lon, longitude or the like for the {}; "
            "name it with dataset.{}; the header has {}",
            place, what, what, listed(header));
    return *usual;
  };
  ColumnChoice choice;
  choice.numbers = {find(latitude, means_latitude, "latitude"),
                    find(longitude, means_longitude, "longitude")};
  require(choice.numbers[0] != choice.numbers[1], "{}: latitude and longitude are one column, {}", place,
          printable(header[choice.numbers[0]]));
  return choice;
}

}  // namespace ebm
