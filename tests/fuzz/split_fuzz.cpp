#include "dualebm/datasets/files/split_file.hpp"
#include "tests/fuzz/fuzz.hpp"

/// First byte: how many rows the data have. The rest: the split file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ebm;
  return fuzz::run(data, size, [](const std::string& bytes) {
    if (bytes.empty()) return;
    const std::size_t rows = static_cast<unsigned char>(bytes[0]) % 8;
    const auto parts =
        read_split_parts(read_csv(CsvReader("FILE", bytes.substr(1))), static_cast<std::int64_t>(rows));
    fuzz::check(parts[0].size() + parts[1].size() + parts[2].size() == rows);
  });
}
