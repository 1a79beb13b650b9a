#include "dualebm/datasets/table_csv.hpp"

#include "dualebm/datasets/files/bytes.hpp"
#include "dualebm/datasets/files/file_checks.hpp"
#include "dualebm/datasets/files/points.hpp"
#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

CsvReader reader_of(const TableCsvOptions& options) {
  require_path(options.path, "dataset.path", "table.csv");
  return {options.path, read_bytes(options.path), options};
}

ColumnChoice choice_of(const CsvReader& reader, const TableCsvOptions& options) {
  return choose_columns(reader, {options.columns, options.drop, options.label});
}

Dataset read_table(const DatasetContext& context, const TableCsvOptions& options) {
  require(!options.label.empty() || options.keep_label.empty(),
          "dataset.keep_label: \"{}\" is given, but no dataset.label", options.keep_label);
  auto reader = reader_of(options);
  const auto choice = choice_of(reader, options);
  const auto columns = static_cast<std::int64_t>(choice.numbers.size());
  require_dimension("table_csv", options.path, columns, *context.domain);
  if (!options.image.empty()) require_image("table_csv", options.path, options.image, columns);
  auto table = read_numbers(reader, choice, {options.missing, options.keep_label});
  auto parts = split_rows(tensor_of(table), {table.rows, table.rows_in_file}, options, context.random);
  parts.image = options.image;
  parts.origin = table.summary;
  parts.columns = table.columns;
  return parts;
}

}  // namespace

void TableCsvOptions::describe(Fields& fields) {
  fields.path("path", path, "file of text, a row a point: CSV or the like, packed by gzip or not");
  TableFormat::describe(fields);
  fields.texts("columns", columns, "the coordinates in their order; empty: every column but the label");
  fields.texts("drop", drop, "columns that are left out");
  fields.text("label", label, "column that is no coordinate; empty: none");
  fields.text("keep_label", keep_label, "keep only rows whose label is exactly this text; empty: all");
  fields.integers("image", image, Range::at_least(1),
                  "[channels, height, width] if rows are images; empty: they are none");
  SplitOptions::describe(fields);
}

Dataset read_table_csv(const DatasetContext& context, const TableCsvOptions& options) {
  return read_table(context, checked(options, "table_csv"));
}

std::vector<std::string> columns_of(const TableCsvOptions& options) {
  const auto reader = reader_of(options);
  std::vector<std::string> names;
  for (const auto column : choice_of(reader, options).numbers) names.push_back(reader.header()[column]);
  return names;
}

}  // namespace ebm
