#include "dualebm/datasets/files/zip.hpp"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "dualebm/datasets/files/inflate.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/printable.hpp"

namespace ebm {
namespace {

/// Numbers of a file, least significant byte first; one beyond its end is an error.
class Bytes {
 public:
  Bytes(std::string_view bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  std::uint64_t number(std::uint64_t at, int count) const {
    const auto text = range(at, static_cast<std::uint64_t>(count));
    std::uint64_t value = 0;
    for (int byte = count - 1; byte >= 0; --byte)
      value = value << 8 | static_cast<unsigned char>(text[static_cast<std::size_t>(byte)]);
    return value;
  }

  std::string_view range(std::uint64_t at, std::uint64_t count) const {
    require(at <= bytes_.size() && count <= bytes_.size() - at,
            "{}: the zip archive is damaged or not whole: it points beyond its end", name_);
    return bytes_.substr(at, count);
  }

  void expect(std::uint64_t at, std::string_view signature) const {
    require(range(at, signature.size()) == signature,
            "{}: the zip archive is damaged: no entry where its directory says", name_);
  }

 private:
  std::string_view bytes_;
  const std::string& name_;
};

constexpr std::uint64_t elsewhere16 = 0xffff, elsewhere32 = 0xffffffff;

struct Directory {
  std::uint64_t entries = 0, at = 0;
};

Directory directory_of(std::string_view bytes, const Bytes& read, const std::string& name) {
  constexpr std::size_t end_size = 22, longest_comment = 0xffff;
  const auto tail = bytes.substr(bytes.size() - std::min(bytes.size(), end_size + longest_comment));
  const auto found = tail.rfind("PK\x05\x06");
  require(found != std::string_view::npos, "{}: the zip archive is not whole: it has no directory", name);
  const std::uint64_t end = bytes.size() - tail.size() + found;
  read.range(end + end_size, read.number(end + 20, 2));  // its comment
  Directory directory{read.number(end + 10, 2), read.number(end + 16, 4)};
  constexpr std::uint64_t locator_size = 20;
  const bool large = directory.entries == elsewhere16 || directory.at == elsewhere32;
  if (large && end >= locator_size && read.range(end - locator_size, 4) == "PK\x06\x07") {
    const auto end64 = read.number(end - locator_size + 8, 8);
    read.expect(end64, "PK\x06\x06");
    directory = {read.number(end64 + 32, 8), read.number(end64 + 48, 8)};
  }
  return directory;
}

/// Takes the sizes that do not fit into 32 bits from the extra field 1, which has them in this order.
void read_large_sizes(const Bytes& read, std::uint64_t extra, std::uint64_t length, ZipEntry& entry) {
  const auto end = extra + length;
  while (extra + 4 <= end) {
    const auto kind = read.number(extra, 2), size = read.number(extra + 2, 2);
    auto at = extra + 4;
    const auto field_end = std::min(at + size, end);
    for (auto* value : {&entry.size, &entry.packed, &entry.at}) {
      if (kind != 1 || *value != elsewhere32 || at + 8 > field_end) continue;
      *value = read.number(at, 8);
      at += 8;
    }
    extra += 4 + size;
  }
}

}  // namespace

std::vector<ZipEntry> zip_directory(std::string_view bytes, const std::string& name) {
  require(bytes.starts_with("PK"), "{}: not a zip archive", name);
  const Bytes read(bytes, name);
  const auto [count, begin] = directory_of(bytes, read, name);
  std::vector<ZipEntry> entries;
  auto at = begin;
  for (std::uint64_t number = 0; number < count; ++number) {
    read.expect(at, "PK\x01\x02");
    const auto flags = read.number(at + 8, 2);
    const auto name_length = read.number(at + 28, 2), extra_length = read.number(at + 30, 2);
    ZipEntry entry{.name = std::string(read.range(at + 46, name_length)),
                   .method = static_cast<std::uint16_t>(read.number(at + 10, 2)),
                   .checksum = static_cast<std::uint32_t>(read.number(at + 16, 4)),
                   .packed = read.number(at + 20, 4),
                   .size = read.number(at + 24, 4),
                   .at = read.number(at + 42, 4)};
    require((flags & 1) == 0, "{}: {} is encrypted", name, printable(entry.name));
    read_large_sizes(read, at + 46 + name_length, extra_length, entry);
    at += 46 + name_length + extra_length + read.number(at + 32, 2);
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::string unzip(std::string_view bytes, const ZipEntry& entry, const std::string& name) {
  const Bytes read(bytes, name);
  read.expect(entry.at, "PK\x03\x04");
  const auto start = entry.at + 30 + read.number(entry.at + 26, 2) + read.number(entry.at + 28, 2);
  const auto packed = read.range(start, entry.packed);
  const auto shown = name + ": " + printable(entry.name);
  std::string content;
  if (entry.method == 0) {
    content = packed;
  } else {
    require(entry.method == 8, "{}: packed by method {}; 0 (stored) and 8 (deflated) are known", shown,
            entry.method);
    inflate_into(content, packed, Deflate::raw, unpack_limit(packed.size()), shown);
  }
  require(content.size() == entry.size, "{}: damaged: {} bytes, the directory says {}", shown, content.size(),
          entry.size);
  uLong checksum = crc32(0, nullptr, 0);
  for (std::size_t at = 0; at < content.size();) {
    const auto count = std::min<std::size_t>(content.size() - at, std::numeric_limits<uInt>::max());
    checksum = crc32(checksum, reinterpret_cast<const Bytef*>(content.data() + at), static_cast<uInt>(count));
    at += count;
  }
  require(checksum == entry.checksum, "{}: damaged: its checksum is wrong", shown);
  return content;
}

}  // namespace ebm
