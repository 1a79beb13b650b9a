#include "dualebm/datasets/files/split_file.hpp"
#include "tests/fuzz/fuzz.hpp"

/// First byte: how many rows the data have, and which of them were kept. The rest: the split file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ebm;
  return fuzz::run(data, size, [](const std::string& bytes) {
    if (bytes.empty()) return;
    const auto first = static_cast<unsigned char>(bytes[0]);
    const std::int64_t rows = first % 8, left_out = first / 8;
    std::vector<std::int64_t> kept;
    for (std::int64_t row = 0; row < rows; ++row) {
      if (row + 1 != left_out) kept.push_back(row);
    }
    const auto parts = read_split_parts(read_csv(CsvReader("FILE", bytes.substr(1))), kept, rows);
    fuzz::check(parts[0].size() + parts[1].size() + parts[2].size() == kept.size());
    for (const auto& part : parts) {
      for (const auto place : part) fuzz::check(place >= 0 && static_cast<std::size_t>(place) < kept.size());
    }
  });
}
