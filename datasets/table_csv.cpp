#include "dualebm/datasets/table_csv.hpp"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "dualebm/datasets/files/bytes.hpp"
#include "dualebm/datasets/files/csv.hpp"
#include "dualebm/datasets/files/file_checks.hpp"
#include "dualebm/framework/base/printable.hpp"

namespace ebm {
namespace {

/// A header of numbers is most likely a row that would be lost; 0, 1, 2, ... is what some programs write.
void require_names(const CsvReader& reader) {
  bool numbers = true, counting = true;
  for (std::size_t column = 0; column < reader.header().size(); ++column) {
    const auto& name = reader.header()[column];
    double value = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value);
    numbers = numbers && !name.empty() && error == std::errc() && end == name.data() + name.size();
    counting = counting && name == std::to_string(column);
  }
  require(!numbers || counting, "{}:1: the header is made of numbers; if the file has none, {}",
          reader.path().string(), "set dataset.header=false");
}

/// The rows with one label, and what the others are called.
class LabelFilter {
 public:
  LabelFilter(const CsvReader& reader, const TableCsv::Options& options) : keep_(options.keep_label) {
    require(!options.label.empty() || keep_.empty(),
            "dataset.keep_label: \"{}\" is given, but no dataset.label", keep_);
    if (!options.label.empty()) column_ = csv_column(reader, options.label);
  }

  bool is_label(std::size_t column) const { return column_ == column; }

  bool keeps(const CsvReader& reader) {
    if (keep_.empty()) return true;
    const auto& found = reader.fields()[*column_];
    if (found == keep_) return true;
    constexpr std::size_t shown = 10;
    if (others_.size() < shown && std::find(others_.begin(), others_.end(), found) == others_.end())
      others_.push_back(found);
    return false;
  }

  [[noreturn]] void fail_for_no_row(const CsvReader& reader) const {
    fail("{}: no row has the label \"{}\"; some that occur: {}", reader.path().string(), keep_,
         printable(fmt::format("{}", fmt::join(others_, ", ")), 200));
  }

 private:
  std::string keep_;
  std::optional<std::size_t> column_;
  std::vector<std::string> others_;
};

/// [n, columns without the label], double
torch::Tensor read_table(const TableCsv::Options& options, const Domain& domain) {
  require_path(options.path, "dataset.path", "table.csv");
  CsvReader reader(options.path, read_bytes(options.path), options.header);
  if (options.header) require_names(reader);
  LabelFilter filter(reader, options);
  const auto columns = static_cast<std::int64_t>(reader.header().size()) - (options.label.empty() ? 0 : 1);
  require_dimension("table_csv", options.path, columns, domain);
  if (!options.image.empty()) require_image("table_csv", options.path, options.image, columns);

  const auto numbers = std::make_shared<std::vector<double>>();
  bool any_row = false;
  while (reader.next()) {
    any_row = true;
    if (!filter.keeps(reader)) continue;
    for (std::size_t column = 0; column < reader.header().size(); ++column) {
      if (!filter.is_label(column)) numbers->push_back(reader.number(column));
    }
  }
  require(any_row, "{}: no rows after the header", options.path);
  if (numbers->empty()) filter.fail_for_no_row(reader);
  const auto rows = static_cast<std::int64_t>(numbers->size()) / columns;
  return torch::from_blob(
      numbers->data(), {rows, columns}, [numbers](void*) {}, torch::kDouble);
}

}  // namespace

void TableCsv::Options::describe(Fields& fields) {
  fields.text("path", path, "CSV file, packed by gzip or not; every column but the label is a coordinate");
  fields.boolean("header", header,
                 "whether the first line names the columns; otherwise they are x0, x1, ...");
  fields.text("label", label, "column that is no coordinate; empty: none");
  fields.text("keep_label", keep_label, "keep only rows whose label is exactly this text; empty: all");
  fields.integers("image", image, Range::at_least(1),
                  "[channels, height, width] if rows are images; empty: they are none");
  SplitOptions::describe(fields);
}

TableCsv::TableCsv(const DatasetContext& context, const Options& options)
    : Dataset(
          split_rows(read_table(checked(options, "table_csv"), *context.domain), options, context.random)) {
  image = options.image;
}

}  // namespace ebm
