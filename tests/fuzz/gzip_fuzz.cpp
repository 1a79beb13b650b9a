#include "dualebm/datasets/files/bytes.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ebm;
  return fuzz::run(data, size, [](const std::string& bytes) { unpack_gzip(bytes, "FILE"); });
}
