#include "dualebm/datasets/files/npy_header.hpp"
#include "dualebm/datasets/files/npy_values.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ebm;
  return fuzz::run(data, size, [](const std::string& bytes) {
    const auto header = parse_npy_header(bytes, "FILE");
    const auto numbers = header.rows() * header.columns();
    fuzz::check(numbers > 0);
    fuzz::check(header.data_offset + static_cast<std::size_t>(numbers * header.item_size) == bytes.size());
    fuzz::check(npy_values(bytes, header, "FILE").size() == static_cast<std::size_t>(numbers));
  });
}
