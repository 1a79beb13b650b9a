#include "dualebm/framework/storage/safetensors_header.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ebm;
  return fuzz::run(data, size, [](const std::string& bytes) {
    auto header = read_safetensors_header(bytes, "FILE");
    const std::string zeros(bytes.size() - header.data, '\0');
    const auto again = read_safetensors_header(safetensors_header_bytes(header) + zeros, "FILE");
    fuzz::check(again.metadata == header.metadata);
    fuzz::check(again.entries.size() == header.entries.size());
    for (const auto& entry : again.entries) fuzz::check(again.data + entry.end <= bytes.size() + again.data);
  });
}
