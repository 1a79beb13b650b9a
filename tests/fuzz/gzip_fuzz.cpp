#include <algorithm>

#include "dualebm/datasets/files/bytes.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ebm;
  constexpr std::uint64_t limit = 1 << 22;
  return fuzz::run(data, size, [&](const std::string& bytes) {
    fuzz::check(unpack_gzip(bytes, "FILE", limit).size() <= std::max<std::size_t>(limit, bytes.size()));
  });
}
