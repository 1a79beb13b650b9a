#include "dualebm/models/archive_checksums.hpp"

#include <array>

#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

constexpr std::string_view end_mark("PK\5\6", 4), entry_mark("PK\1\2", 4);
constexpr std::size_t end_bytes = 22, entry_bytes = 46;

/// A little-endian number.
std::uint32_t number_at(std::string_view bytes, std::size_t place, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i)
    value |= std::uint32_t{static_cast<unsigned char>(bytes[place + i])} << (8 * i);
  return value;
}

}  // namespace

std::uint32_t zip_checksum(std::string_view bytes) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> entries{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0xedb88320U : 0U);
      entries[i] = value;
    }
    return entries;
  }();
  std::uint32_t sum = ~0U;
  for (const char byte : bytes) sum = table[(sum ^ static_cast<unsigned char>(byte)) & 0xffU] ^ (sum >> 8);
  return ~sum;
}

std::map<std::string, std::uint32_t> zip_checksums(std::string_view archive, const std::string& where) {
  const auto end = archive.rfind(end_mark);
  require(
      end != std::string_view::npos && end + end_bytes <= archive.size(),
      "{}: not a TorchScript file (torch.jit.save writes one, torch.save does not): no archive, or cut short",
      where);
  const auto count = number_at(archive, end + 10, 2);
  std::size_t place = number_at(archive, end + 16, 4);
  std::map<std::string, std::uint32_t> sums;
  if (place == 0xffffffffU) return sums;
  for (std::uint32_t i = 0; i < count; ++i) {
    require(place <= end && end - place >= entry_bytes && archive.substr(place, 4) == entry_mark,
            "{}: damaged: entry {} of its directory is none", where, i + 1);
    const auto name = number_at(archive, place + 28, 2), extra = number_at(archive, place + 30, 2),
               comment = number_at(archive, place + 32, 2);
    require(end - place - entry_bytes >= std::size_t{name} + extra + comment,
            "{}: damaged: entry {} of its directory is cut short", where, i + 1);
    sums[std::string(archive.substr(place + entry_bytes, name))] = number_at(archive, place + 16, 4);
    place += entry_bytes + name + extra + comment;
  }
  return sums;
}

}  // namespace ebm
