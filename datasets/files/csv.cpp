#include "dualebm/datasets/files/csv.hpp"

#include "dualebm/datasets/files/bytes.hpp"
#include "dualebm/datasets/files/column_names.hpp"
#include "dualebm/framework/base/error.hpp"

namespace ebm {

std::string CsvTable::place(std::size_t row) const { return fmt::format("{}:{}", path.string(), lines[row]); }

std::size_t CsvTable::column(const std::string& name) const {
  return find_column(header, name, path.string());
}

double CsvTable::number(std::size_t row, std::size_t column) const {
  return csv_number(rows[row][column], header[column], place(row), decimal_comma);
}

CsvTable read_csv(CsvReader reader) {
  CsvTable table{.path = reader.path(), .header = reader.header()};
  table.decimal_comma = reader.dialect().decimal_comma;
  while (reader.next()) {
    table.rows.push_back(reader.fields());
    table.lines.push_back(reader.line());
  }
  require(!table.rows.empty(), "{}: no rows after the header", table.path.string());
  return table;
}

CsvTable read_csv(const std::filesystem::path& path) { return read_csv(CsvReader(path, read_bytes(path))); }

}  // namespace ebm
