#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ebm {

/// One tensor as the header of a safetensors file lists it.
struct SafetensorsEntry {
  std::string name;                 ///< of the tensor
  std::string dtype;                ///< as the format writes it: "F32"
  std::vector<std::int64_t> shape;  ///< its sides
  std::uint64_t begin = 0;          ///< first byte, from the end of the header
  std::uint64_t end = 0;            ///< behind the last, likewise
};

/// The header of a safetensors file: 8 bytes of little-endian length, that many bytes of JSON, then the data.
/// Source: https://github.com/huggingface/safetensors, "Format".
struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;        ///< in the order of their bytes
  std::map<std::string, std::string> metadata;  ///< "__metadata__"
  std::size_t data = 0;                         ///< where the data begin in the file
};

/// Bytes of one number of a dtype; 0 for a dtype that this library does not know.
std::size_t safetensors_number_size(std::string_view dtype);

/// Reads and checks the header of a whole file: every tensor has the bytes that its dtype and shape need, the
/// tensors follow each other without gaps or overlaps, and end where the file ends. Needs no LibTorch.
/// @param file  its bytes @param where  its name, for messages
/// @throws UserError in one line
SafetensorsHeader read_safetensors_header(std::string_view file, const std::string& where);

/// The bytes up to the data. Fills `begin` and `end` of the entries in their order and pads the header so
/// that the data begin at a multiple of 8.
std::string safetensors_header_bytes(SafetensorsHeader& header);

}  // namespace ebm
