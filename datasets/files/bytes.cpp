#include "dualebm/datasets/files/bytes.hpp"

#include <fstream>
#include <string_view>

#include "dualebm/datasets/files/file_kind.hpp"
#include "dualebm/datasets/files/inflate.hpp"
#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

}  // namespace

std::string unpack_gzip(std::string bytes, const std::string& name) {
  const auto limit = unpack_limit(bytes.size());
  return unpack_gzip(std::move(bytes), name, limit);
}

std::string unpack_gzip(std::string bytes, const std::string& name, std::uint64_t limit) {
  if (!is_gzip(bytes)) return bytes;
  std::string unpacked;
  for (std::string_view rest = bytes; !rest.empty();) {
    require(is_gzip(rest), "{}: {} bytes follow the gzip data, which are no gzip data", name, rest.size());
    rest.remove_prefix(inflate_into(unpacked, rest, Deflate::gzip, limit, name));
  }
  require(!is_gzip(unpacked), "{}: packed by gzip twice; unpack it once: gzip -d", name);
  return unpacked;
}

std::string read_bytes(const std::filesystem::path& path) {
  require_plain_file(path);
  std::ifstream file(path, std::ios::binary);
  std::string bytes(std::filesystem::file_size(path), '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  require(static_cast<std::size_t>(file.gcount()) == bytes.size(), "{}: only {} of {} bytes could be read",
          path.string(), file.gcount(), bytes.size());
  return unpack_gzip(std::move(bytes), path.string());
}

}  // namespace ebm
