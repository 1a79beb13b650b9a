#include <cmath>

#include "dualebm/datasets/files/npy_values.hpp"
#include "dualebm/datasets/files/npz.hpp"
#include "dualebm/datasets/files/zip.hpp"
#include "tests/fuzz/fuzz.hpp"

/// First byte: whether an array is named. The rest: the archive.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ebm;
  return fuzz::run(data, size, [](const std::string& bytes) {
    if (bytes.empty()) return;
    const auto archive = bytes.substr(1);
    const auto array = npz_array(archive, bytes[0] % 2 == 0 ? "" : "x", "FILE");
    const auto header = parse_npy_header(array, "FILE");
    const auto values = npy_values(array, header, "FILE");
    fuzz::check(values.size() == static_cast<std::size_t>(header.rows() * header.columns()) &&
                !values.empty());
  });
}
