#include "dualebm/datasets/files/idx.hpp"
#include "tests/fuzz/fuzz.hpp"

/// First byte: whether labels or images are wanted. The rest: the file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ebm;
  return fuzz::run(data, size, [](const std::string& bytes) {
    if (bytes.empty()) return;
    const bool images = bytes[0] % 2 == 0;
    const auto array = parse_idx(bytes.substr(1), "FILE", images ? 2 : 1, images ? 4 : 1);
    std::size_t values = 1;
    for (const auto side : array.shape) values *= static_cast<std::size_t>(side);
    fuzz::check(values == array.size() && values > 0);
    for (std::size_t at = 0; at < values; ++at) fuzz::check(array.value(at) == array.value(at));
  });
}
