#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>
#include <vector>

namespace ebm::testing {

struct ZipMember {
  std::string name, content;
  bool deflated = false;
};

inline std::string little_endian(std::uint64_t value, int bytes) {
  std::string text;
  for (int byte = 0; byte < bytes; ++byte) text += static_cast<char>(value >> 8 * byte & 0xff);
  return text;
}

inline std::string raw_deflate(const std::string& content) {
  z_stream stream = {};
  constexpr int raw_window = -15, memory_level = 8;
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, raw_window, memory_level, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, static_cast<uLong>(content.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

/// A zip archive. @param large  with the sizes in fields of 64 bits, as numpy.savez writes them
inline std::string zip(const std::vector<ZipMember>& members, bool large) {
  std::string bytes, directory;
  constexpr std::uint64_t elsewhere = 0xffffffff;
  for (const auto& [name, content, deflated] : members) {
    const auto packed = deflated ? raw_deflate(content) : content;
    const auto checksum =
        crc32(0, reinterpret_cast<const Bytef*>(content.data()), static_cast<uInt>(content.size()));
    const auto at = bytes.size();
    const auto common = little_endian(0, 2) + little_endian(deflated ? 8 : 0, 2) + little_endian(0, 4) +
                        little_endian(checksum, 4) + little_endian(large ? elsewhere : packed.size(), 4) +
                        little_endian(large ? elsewhere : content.size(), 4) + little_endian(name.size(), 2);
    auto extra = large ? little_endian(1, 2) + little_endian(16, 2) + little_endian(content.size(), 8) +
                             little_endian(packed.size(), 8)
                       : "";
    bytes +=
        "PK\x03\x04" + little_endian(45, 2) + common + little_endian(extra.size(), 2) + name + extra + packed;
    directory += "PK\x01\x02" + little_endian(45, 2) + little_endian(45, 2) + common +
                 little_endian(extra.size(), 2) + little_endian(0, 8) + little_endian(0, 2) +
                 little_endian(at, 4) + name + extra;
  }
  const auto begin = bytes.size();
  bytes += directory;
  if (large) {
    const auto end64 = bytes.size();
    bytes += "PK\x06\x06" + little_endian(44, 8) + little_endian(45, 2) + little_endian(45, 2) +
             little_endian(0, 8) + little_endian(members.size(), 8) + little_endian(members.size(), 8) +
             little_endian(directory.size(), 8) + little_endian(begin, 8);
    bytes += "PK\x06\x07" + little_endian(0, 4) + little_endian(end64, 8) + little_endian(1, 4);
  }
  return bytes + "PK\x05\x06" + little_endian(0, 4) + little_endian(large ? 0xffff : members.size(), 2) +
         little_endian(large ? 0xffff : members.size(), 2) + little_endian(directory.size(), 4) +
         little_endian(large ? elsewhere : begin, 4) + little_endian(0, 2);
}

}  // namespace ebm::testing
