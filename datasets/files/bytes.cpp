#include "dualebm/datasets/files/bytes.hpp"

#include <zlib.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <vector>

#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

/// One zlib stream that unpacks gzip members.
class Inflater {
 public:
  Inflater() {
    constexpr int largest_window = 15, gzip_header = 16;
    if (inflateInit2(&stream_, largest_window + gzip_header) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Appends what the member at the start of `packed` holds. @return its length in `packed`
  std::size_t unpack(std::string_view packed, std::string& unpacked, const std::string& name) {
    std::vector<char> buffer(1 << 16);
    inflateReset(&stream_);
    std::size_t taken = 0;
    for (;;) {
      const auto offered = std::min<std::size_t>(packed.size() - taken, std::numeric_limits<uInt>::max());
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data() + taken));
      stream_.avail_in = static_cast<uInt>(offered);
      stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream_.avail_out = static_cast<uInt>(buffer.size());
      const int status = inflate(&stream_, Z_NO_FLUSH);
      taken += offered - stream_.avail_in;
      unpacked.append(buffer.data(), buffer.size() - stream_.avail_out);
      if (status == Z_STREAM_END) return taken;
      require(status != Z_BUF_ERROR, "{}: the gzip data end early: the file is not whole", name);
      require(status == Z_OK, "{}: the gzip data are damaged: {}", name,
              stream_.msg ? stream_.msg : zError(status));
    }
  }

 private:
  z_stream stream_ = {};
};

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

}  // namespace

std::string unpack_gzip(std::string bytes, const std::string& name) {
  if (!is_gzip(bytes)) return bytes;
  Inflater inflater;
  std::string unpacked;
  for (std::string_view rest = bytes; !rest.empty();) {
    require(is_gzip(rest), "{}: {} bytes follow the gzip data, which are no gzip data", name, rest.size());
    rest.remove_prefix(inflater.unpack(rest, unpacked, name));
  }
  return unpacked;
}

std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  require(file.good() && std::filesystem::is_regular_file(path), "{}: cannot be opened for reading",
          path.string());
  std::string bytes(std::filesystem::file_size(path), '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  require(static_cast<std::size_t>(file.gcount()) == bytes.size(), "{}: only {} of {} bytes could be read",
          path.string(), file.gcount(), bytes.size());
  return unpack_gzip(std::move(bytes), path.string());
}

}  // namespace ebm
