#include "framework/error.hpp"
#include "framework/export/safetensors_header.hpp"

/// Any bytes either are a safetensors file, whose header then writes and reads back to the same, or a
/// UserError.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  try {
    auto header = ebm::read_safetensors_header(file, "fuzz");
    const auto data_bytes = file.size() - header.data;
    const auto again = ebm::safetensors_header_bytes(header) + std::string(data_bytes, '\0');
    const auto copy = ebm::read_safetensors_header(again, "fuzz");
    if (copy.metadata != header.metadata || copy.entries.size() != header.entries.size()) __builtin_trap();
  } catch (const ebm::UserError&) {
  }
  return 0;
}
