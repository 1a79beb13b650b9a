#include "dualebm/datasets/files/bytes.hpp"
#include "dualebm/datasets/files/csv.hpp"
#include "tests/fuzz/fuzz.hpp"

/// First byte: whether there is a header. The rest: the file, packed by gzip or not.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ebm;
  return fuzz::run(data, size, [](std::string bytes) {
    if (bytes.empty()) return;
    const bool header = bytes[0] % 2 == 0;
    const auto table = read_csv(CsvReader("FILE", unpack_gzip(bytes.substr(1), "FILE"), header));
    fuzz::check(table.lines.size() == table.rows.size());
    for (const auto& row : table.rows) fuzz::check(row.size() == table.header.size());
    for (std::size_t row = 0; row < table.rows.size(); ++row) {
      for (std::size_t column = 0; column < table.header.size(); ++column) table.number(row, column);
    }
  });
}
