#include "dualebm/datasets/files/inflate.hpp"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>
#include <vector>

#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

class Inflater {
 public:
  explicit Inflater(Deflate form) {
    constexpr int largest_window = 15, gzip_header = 16;
    const int window = form == Deflate::gzip ? largest_window + gzip_header : -largest_window;
    if (inflateInit2(&stream, window) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream stream = {};
};

}  // namespace

std::uint64_t unpack_limit(std::size_t packed) {
  constexpr std::uint64_t least = std::uint64_t{1} << 30, ratio = 20;
  return std::max(least, ratio * packed);
}

std::size_t inflate_into(std::string& unpacked, std::string_view packed, Deflate form, std::uint64_t limit,
                         const std::string& name) {
  const char* what = form == Deflate::gzip ? "gzip data" : "packed data";
  Inflater inflater(form);
  auto& stream = inflater.stream;
  std::vector<char> buffer(1 << 16);
  std::size_t taken = 0;
  for (;;) {
    const auto offered = std::min<std::size_t>(packed.size() - taken, std::numeric_limits<uInt>::max());
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data() + taken));
    stream.avail_in = static_cast<uInt>(offered);
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(buffer.size());
    const int status = inflate(&stream, Z_NO_FLUSH);
    taken += offered - stream.avail_in;
    unpacked.append(buffer.data(), buffer.size() - stream.avail_out);
    require(unpacked.size() <= limit,
            "{}: {} bytes unpack to more than {} bytes, the limit for so few (1 GiB, or 20 times what is "
            "packed); unpack it by hand if that is right",
            name, packed.size(), limit);
    if (status == Z_STREAM_END) return taken;
    require(status != Z_BUF_ERROR, "{}: the {} end early: the file is not whole", name, what);
    require(status == Z_OK, "{}: the {} are damaged: {}", name, what,
            stream.msg ? stream.msg : zError(status));
  }
}

}  // namespace ebm
