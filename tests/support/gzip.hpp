#pragma once

#include <zlib.h>

#include <string>

namespace ebm::testing {

/// One gzip member.
inline std::string gzip(const std::string& content) {
  z_stream stream = {};
  constexpr int largest_window = 15, gzip_header = 16, memory_level = 8;
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, largest_window + gzip_header, memory_level,
               Z_DEFAULT_STRATEGY);
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

}  // namespace ebm::testing
