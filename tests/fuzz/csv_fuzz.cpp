#include <cmath>

#include "dualebm/datasets/files/bytes.hpp"
#include "dualebm/datasets/files/csv.hpp"
#include "dualebm/datasets/files/number_table.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

/// What a user might say: every byte of two chooses some of it; most choose nothing.
ebm::DialectOptions dialect_of(unsigned char byte) {
  const char* delimiters[] = {"auto", "auto", "comma", "semicolon", "tab", "pipe", "blank", ":"};
  const char* headers[] = {"auto", "auto", "true", "false"};
  return {.delimiter = delimiters[byte % 8],
          .decimal = byte % 64 < 48  ? "auto"
                     : byte % 2 == 0 ? "comma"
                                     : "point",
          .comment = byte >= 224   ? "none"
                     : byte >= 192 ? ";"
                                   : "auto",
          .skip = byte >= 128 && byte < 160 ? 1 : 0,
          .header = headers[byte / 8 % 4]};
}

}  // namespace

/// First byte: the dialect; second: columns, label and gaps. The rest: the file, packed by gzip or not.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ebm;
  return fuzz::run(data, size, [](std::string bytes) {
    if (bytes.size() < 2) return;
    const auto dialect = dialect_of(static_cast<unsigned char>(bytes[0]));
    const auto kind = static_cast<unsigned char>(bytes[1]);
    const auto content = unpack_gzip(bytes.substr(2), "FILE", 1 << 20);
    if (kind % 8 == 0) {
      const auto text = read_csv(CsvReader("FILE", content, dialect));
      fuzz::check(text.lines.size() == text.rows.size());
      for (const auto& row : text.rows) fuzz::check(row.size() == text.header.size());
    }
    CsvReader reader("FILE", content, dialect);
    ColumnOptions columns;
    if (kind % 4 == 1) columns.label = "x0";
    if (kind % 4 == 2) columns.drop = {"x1"};
    if (kind % 16 == 3) columns.columns = {"A", "x1"};
    const bool globe = kind % 32 == 31;
    const auto choice = globe ? choose_lat_lon(reader, "", "") : choose_columns(reader, columns);
    const auto table = read_numbers(reader, choice, {.missing = kind >= 128 ? "drop" : "error"});
    fuzz::check(!table.rows.empty() && table.numbers.size() == table.rows.size() * table.columns.size());
    fuzz::check(table.lines.size() == table.rows.size() && table.summary.find('\n') == std::string::npos);
    for (const double number : table.numbers) fuzz::check(std::isfinite(number));
    for (std::size_t row = 0; row < table.rows.size(); ++row) {
      fuzz::check(table.rows[row] < table.rows_in_file);
      fuzz::check(row == 0 ||
                  (table.rows[row] > table.rows[row - 1] && table.lines[row] > table.lines[row - 1]));
    }
  });
}
