#include "dualebm/datasets/files/number_table.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "dualebm/datasets/files/column_names.hpp"
#include "dualebm/datasets/files/text_number.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/printable.hpp"

namespace ebm {
namespace {

/// Reads the rows one after the other and remembers why it left some out.
class NumberReader {
 public:
  NumberReader(CsvReader& reader, const ColumnChoice& choice, const RowOptions& options)
      : reader_(reader), choice_(choice), options_(options), gaps_(choice.numbers.size(), 0) {
    table_.path = reader.path();
    for (const auto column : choice.numbers) table_.columns.push_back(reader.header()[column]);
  }

  NumberTable read() {
    while (reader_.next()) {
      check_columns_left_out();
      if (is_kept()) take_row();
      ++table_.rows_in_file;
    }
    require(table_.rows_in_file > 0, "{}: no rows after the header", table_.path.string());
    const bool refused = options_.missing != "drop" && rows_with_gaps_ > 0;
    if (refused) {
      fail("{}; {} of {} rows {} gaps; dataset.missing=drop leaves such rows out", first_gap_,
           rows_with_gaps_, table_.rows_in_file, rows_with_gaps_ == 1 ? "has" : "have");
    }
    if (table_.rows.empty()) fail_for_no_row();
    summarise();
    return std::move(table_);
  }

 private:
  /// Columns were taken for row numbers or for nothing by the first rows; the others must agree.
  void check_columns_left_out() {
    const auto& fields = reader_.fields();
    for (const auto column : choice_.empty) refuse_unless(fields[column].empty(), column, "empty");
    for (std::size_t at = 0; at < choice_.counting.size(); ++at) {
      const auto& field = fields[choice_.counting[at]];
      if (table_.rows_in_file == 0) first_numbers_.push_back(field == "1" ? 1 : 0);
      refuse_unless(field == std::to_string(first_numbers_[at] + table_.rows_in_file), choice_.counting[at],
                    "the number of the row");
    }
  }

  void refuse_unless(bool as_expected, std::size_t column, const char* what) const {
    if (as_expected) return;
    const auto& name = reader_.header()[column];
    fail(
        "{}: the column {} has no name and seemed to be {}, here it is \"{}\"; leave it out with "
        "dataset.drop={}, or name all that are wanted in dataset.columns",
        reader_.place(), name, what, printable(reader_.fields()[column]), name);
  }

  bool is_kept() {
    if (options_.keep_label.empty()) return true;
    const auto& found = reader_.fields()[*choice_.label];
    if (found == options_.keep_label) return true;
    ++other_labels_;
    constexpr std::size_t shown = 10;
    if (labels_.size() < shown && std::find(labels_.begin(), labels_.end(), found) == labels_.end())
      labels_.push_back(found);
    return false;
  }

  void take_row() {
    const auto& fields = reader_.fields();
    bool gap = false;
    for (std::size_t at = 0; at < choice_.numbers.size(); ++at) {
      if (!is_missing(fields[choice_.numbers[at]])) continue;
      ++gaps_[at];
      if (!gap && rows_with_gaps_ == 0) {
        first_gap_ = fmt::format("{}: {} is missing (\"{}\")", reader_.place(), printable(table_.columns[at]),
                                 printable(fields[choice_.numbers[at]]));
      }
      gap = true;
    }
    rows_with_gaps_ += gap;
    for (const auto column : choice_.numbers) {
      // What is neither a number nor a gap is an error in a row with a gap too.
      const double value = is_missing(fields[column]) ? 0 : reader_.number(column);
      if (!gap) table_.numbers.push_back(value);
    }
    if (gap) return;
    table_.rows.push_back(table_.rows_in_file);
    table_.lines.push_back(reader_.line());
  }

  [[noreturn]] void fail_for_no_row() const {
    if (rows_with_gaps_ == 0) {
      fail("{}: no row has the label \"{}\"; some that occur: {}", table_.path.string(),
           printable(options_.keep_label), listed(labels_));
    }
    const auto emptiest =
        static_cast<std::size_t>(std::max_element(gaps_.begin(), gaps_.end()) - gaps_.begin());
    fail(
        "{}: every row has a gap; the column {} has most, {} in {} rows: leave it out of dataset.columns, or "
        "add it to dataset.drop",
        table_.path.string(), printable(table_.columns[emptiest]), gaps_[emptiest], rows_with_gaps_);
  }

  void summarise() {
    constexpr std::size_t most_names = 12;
    auto names = table_.columns;
    const bool many = names.size() > most_names;
    if (many) names.resize(most_names);
    auto& text = table_.summary;
    const auto rows = table_.rows.size();
    text = fmt::format("{} row{}, {}, column{} {}", rows, rows == 1 ? "" : "s", reader_.description(),
                       names.size() == 1 ? "" : "s", listed(names));
    if (many) text += fmt::format(", ... ({} columns)", table_.columns.size());
    if (choice_.label) text += fmt::format(", label {}", printable(reader_.header()[*choice_.label]));
    const auto left_out = [&](std::size_t count, const char* what) {
      if (count > 0) text += fmt::format("; {} {}{} left out", count, count == 1 ? "row" : "rows", what);
    };
    left_out(other_labels_, " of other labels");
    left_out(rows_with_gaps_, " with missing values");
    for (const auto column : choice_.counting)
      text += fmt::format("; column {} without a name, the number of the row, left out", column + 1);
    for (const auto column : choice_.empty)
      text += fmt::format("; column {} without name and values left out", column + 1);
  }

  CsvReader& reader_;
  const ColumnChoice& choice_;
  const RowOptions& options_;
  NumberTable table_;
  std::vector<std::int64_t> first_numbers_;  ///< of the columns that number the rows: 0 or 1
  std::vector<std::size_t> gaps_;            ///< of each column
  std::size_t rows_with_gaps_ = 0, other_labels_ = 0;
  std::string first_gap_;
  std::vector<std::string> labels_;  ///< some of those that were not asked for
};

}  // namespace

std::string NumberTable::place(std::size_t row) const {
  return fmt::format("{}:{}", path.string(), lines[row]);
}

NumberTable read_numbers(CsvReader& reader, const ColumnChoice& choice, const RowOptions& options) {
  require(options.missing == "error" || options.missing == "drop",
          "dataset.missing: expected error or drop, found \"{}\"", printable(options.missing));
  require(options.keep_label.empty() || choice.label.has_value(),
          "dataset.keep_label: \"{}\" is given, but no dataset.label", options.keep_label);
  return NumberReader(reader, choice, options).read();
}

}  // namespace ebm
