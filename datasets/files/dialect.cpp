#include "dualebm/datasets/files/dialect.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "dualebm/datasets/files/text_number.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/printable.hpp"

namespace ebm {
namespace {

using TextRows = std::vector<std::vector<std::string>>;

constexpr std::size_t sample_size = 1000;

/// The first rows under a dialect; those before an error, which whoever reads the table meets again.
TextRows sample(std::string_view text, const std::string& name, const Dialect& dialect) {
  TextRows rows;
  auto scanner = scanner_of(text, name, dialect);
  try {
    while (rows.size() < sample_size && scanner.next()) rows.push_back(scanner.fields());
  } catch (const UserError&) {
  }
  return rows;
}

bool is_number_somehow(const std::string& field) { return number_of(field) || number_of(field, true); }

/// How well a delimiter cuts the rows, in [0, 1]; 0 if it cuts none.
double quality(const TextRows& rows) {
  std::map<std::size_t, std::size_t> widths;
  for (const auto& row : rows) ++widths[row.size()];
  std::size_t width = 0, count = 0;
  for (const auto& [some, of_them] : widths) {
    if (of_them >= count) width = some, count = of_them;
  }
  if (width < 2) return 0;
  // R writes a header without a name for the column of row names.
  const bool row_names = width > 2 && rows.size() > 1 && rows[0].size() + 1 == width;
  count += row_names ? 1 : 0;
  std::size_t fields = 0, numbers = 0;
  for (std::size_t row = rows.size() > 1 ? 1 : 0; row < rows.size(); ++row) {
    fields += rows[row].size();
    numbers += static_cast<std::size_t>(std::count_if(rows[row].begin(), rows[row].end(), is_number_somehow));
  }
  const double even =
      count == rows.size() ? 1 : 0.9 * static_cast<double>(count) / static_cast<double>(rows.size());
  return even * (1 + static_cast<double>(numbers) / static_cast<double>(fields)) / 2;
}

char recognise_delimiter(std::string_view text, const std::string& name, Dialect dialect) {
  char best = ',';
  double best_quality = 0;
  // In the order of who wins where two do equally well.
  for (const char delimiter : {'\t', ';', '|', ',', ' '}) {
    dialect.delimiter = delimiter;
    const double found = quality(sample(text, name, dialect));
    if (found > best_quality) best = delimiter, best_quality = found;
  }
  if (best == ',' && best_quality < 0.9) {
    // One column of numbers with decimal commas, below a name, is no ragged table.
    dialect.delimiter = ';';
    const auto rows = sample(text, name, dialect);
    const bool numbers = rows.size() > 1 && std::all_of(rows.begin() + 1, rows.end(), [](const auto& row) {
                           return row.size() == 1 && number_of(row[0], true);
                         });
    if (numbers && rows[0][0].find(',') == std::string::npos) best = ';';
  }
  return best;
}

char delimiter_of(const std::string& option) {
  for (const char delimiter : {',', ';', '\t', '|', ' '}) {
    if (option == delimiter_name(delimiter)) return delimiter;
  }
  const bool one = option.size() == 1 && static_cast<unsigned char>(option[0]) < 0x80;
  require(
      one && option != "\"" && option != "\n" && option != "\r",
      "dataset.delimiter: expected auto, comma, semicolon, tab, pipe, blank or one character, found \"{}\"",
      printable(option));
  return option[0];
}

/// More numbers with a comma than with a point; whoever reads one of the few others says so.
bool recognise_decimal_comma(const TextRows& rows) {
  std::size_t commas = 0, points = 0;
  for (const auto& row : rows) {
    for (const auto& field : row) {
      const bool has_point = field.find('.') != std::string::npos,
                 has_comma = field.find(',') != std::string::npos;
      points += has_point && !has_comma && number_of(field);
      commas += has_comma && number_of(field, true);
    }
  }
  return commas > points;
}

/// What a column says about its first field: that it is a name, that it is a number, or nothing.
enum class Vote { name, number, none };

Vote vote_of(const TextRows& rows, std::size_t column, bool decimal_comma) {
  if (column >= rows[0].size() || is_missing(rows[0][column])) return Vote::none;
  std::size_t numbers = 0, texts = 0;
  for (std::size_t row = 1; row < rows.size(); ++row) {
    if (column >= rows[row].size() || is_missing(rows[row][column])) continue;
    number_of(rows[row][column], decimal_comma) ? ++numbers : ++texts;
  }
  if (number_of(rows[0][column], decimal_comma)) return texts > numbers ? Vote::none : Vote::number;
  return numbers > texts ? Vote::name : Vote::none;
}

/// 0, 1, 2, ..., as programs name columns without names, maybe after nothing above the names of the rows.
bool counts(const std::vector<std::string>& row) {
  const std::size_t first = row[0].empty() ? 1 : 0;
  for (std::size_t column = first; column < row.size(); ++column) {
    if (row[column] != std::to_string(column - first)) return false;
  }
  return row.size() > 1 + first;
}

bool recognise_header(const TextRows& rows, const std::string& name, bool decimal_comma, std::size_t line) {
  if (rows.empty()) return true;
  if (counts(rows[0])) {
    bool fractions = rows[0][0].empty();
    for (std::size_t row = 1; row < rows.size(); ++row) {
      for (const auto& field : rows[row])
        fractions = fractions || field.find_first_of(decimal_comma ? ",e" : ".e") != std::string::npos;
    }
    require(fractions, "{}:{}: 0, 1, 2, ... may be names of columns or a row of numbers; say which: {}", name,
            line, "dataset.header=true or dataset.header=false");
    return true;
  }
  std::size_t names = 0, numbers = 0;
  for (std::size_t column = 0; column < rows[0].size(); ++column) {
    const auto vote = vote_of(rows, column, decimal_comma);
    names += vote == Vote::name;
    numbers += vote == Vote::number;
  }
  require(
      names == 0 || numbers == 0,
      "{}:{}: some columns begin with a text as a header does, some with a number as a row does; say which "
      "it is: dataset.header=true or dataset.header=false",
      name, line);
  if (names + numbers > 0) return names > 0;
  return std::none_of(rows[0].begin(), rows[0].end(),
                      [&](const auto& field) { return number_of(field, decimal_comma).has_value(); });
}

}  // namespace

RowScanner scanner_of(std::string_view text, const std::string& name, const Dialect& dialect) {
  RowScanner scanner(text, name, dialect.delimiter, dialect.comments);
  scanner.skip_lines(dialect.skip);
  return scanner;
}

Dialect recognise_dialect(std::string_view text, const std::string& name, const DialectOptions& options) {
  require(options.decimal == "auto" || options.decimal == "point" || options.decimal == "comma",
          "dataset.decimal: expected auto, point or comma, found \"{}\"", printable(options.decimal));
  require(options.header == "auto" || options.header == "true" || options.header == "false",
          "dataset.header: expected auto, true or false, found \"{}\"", printable(options.header));
  require(options.skip >= 0, "dataset.skip: expected a number of lines >= 0, found {}", options.skip);
  Dialect dialect;
  dialect.skip = static_cast<std::size_t>(options.skip);
  if (options.comment == "auto") {
    dialect.comments = {"#", "%", "//"};
  } else if (options.comment != "none" && !options.comment.empty()) {
    dialect.comments = {options.comment};
  }
  dialect.delimiter = options.delimiter == "auto" ? recognise_delimiter(text, name, dialect)
                                                  : delimiter_of(options.delimiter);
  const auto rows = sample(text, name, dialect);
  dialect.decimal_comma =
      options.decimal == "auto" ? recognise_decimal_comma(rows) : options.decimal == "comma";
  if (options.header != "auto") {
    dialect.header = options.header == "true";
  } else {
    auto scanner = scanner_of(text, name, dialect);
    try {
      scanner.next();
    } catch (const UserError&) {
    }
    dialect.header = recognise_header(rows, name, dialect.decimal_comma, scanner.line());
  }
  return dialect;
}

}  // namespace ebm
