#include "dualebm/framework/base/printable.hpp"

#include <fmt/format.h>

namespace ebm {
namespace {

unsigned code(char character) { return static_cast<unsigned char>(character); }

/// One character of UTF-8 at the start of `text`: its code point and its bytes; 0 bytes for what is none.
struct Character {
  unsigned point = 0;
  std::size_t bytes = 0;
};

Character first_character(std::string_view text) {
  const unsigned first = code(text[0]);
  if (first < 0x80) return {first, 1};
  const std::size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < bytes) return {};
  unsigned point = first & (0xff >> (bytes + 1));
  for (std::size_t at = 1; at < bytes; ++at) {
    if ((code(text[at]) & 0xc0) != 0x80) return {};
    point = point << 6 | (code(text[at]) & 0x3f);
  }
  const bool overlong = (bytes == 3 && point < 0x800) || (bytes == 4 && point < 0x10000);
  const bool none = (point >= 0xd800 && point <= 0xdfff) || point > 0x10ffff;
  return overlong || none ? Character{} : Character{point, bytes};
}

/// What a reader of the message would not see, or would take for an ASCII blank or minus.
bool looks_like_another(unsigned point) {
  const auto within = [point](unsigned low, unsigned high) { return point >= low && point <= high; };
  return within(0x80, 0xa0) || point == 0xad || within(0x2000, 0x2015) || within(0x2028, 0x202f) ||
         within(0x205f, 0x206f) || point == 0x2212 || point == 0x3000 || point == 0xfeff;
}

}  // namespace

std::string printable(std::string_view text, std::size_t limit) {
  const bool cut = text.size() > limit;
  if (cut) {
    while (limit > 0 && (code(text[limit]) & 0xc0) == 0x80) --limit;
    text = text.substr(0, limit);
  }
  std::string shown;
  while (!text.empty()) {
    const auto [point, bytes] = first_character(text);
    if (bytes == 0 || point < 0x20 || point == 0x7f) {
      shown += fmt::format("\\x{:02x}", code(text[0]));
    } else if (looks_like_another(point)) {
      shown += fmt::format("\\u{:04x}", point);
    } else {
      shown += text.substr(0, bytes);
    }
    text.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  return cut ? shown + "..." : shown;
}

}  // namespace ebm
