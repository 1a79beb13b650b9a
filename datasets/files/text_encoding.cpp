#include "dualebm/datasets/files/text_encoding.hpp"

#include <algorithm>

#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

constexpr std::string_view mark = "\xef\xbb\xbf";  // U+FEFF in UTF-8

unsigned code(char character) { return static_cast<unsigned char>(character); }

void append(std::string& text, unsigned point) {
  const auto put = [&](unsigned byte) { text += static_cast<char>(byte); };
  if (point < 0x80) return put(point);
  if (point < 0x800) {
    put(0xc0 | point >> 6);
  } else {
    if (point < 0x10000) {
      put(0xe0 | point >> 12);
    } else {
      put(0xf0 | point >> 18);
      put(0x80 | (point >> 12 & 0x3f));
    }
    put(0x80 | (point >> 6 & 0x3f));
  }
  put(0x80 | (point & 0x3f));
}

std::string from_utf16(std::string_view bytes, bool big_endian, const std::string& name) {
  require(bytes.size() % 2 == 0, "{}: damaged UTF-16: the number of its bytes is odd", name);
  const auto unit = [&](std::size_t at) {
    const unsigned first = code(bytes[at]), second = code(bytes[at + 1]);
    return big_endian ? first << 8 | second : second << 8 | first;
  };
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 2) {
    unsigned point = unit(at);
    if (point >= 0xd800 && point <= 0xdfff) {
      const unsigned low = point <= 0xdbff && at + 2 < bytes.size() ? unit(at + 2) : 0;
      require(low >= 0xdc00 && low <= 0xdfff, "{}: damaged UTF-16: half a character at byte {}", name, at);
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
      at += 2;
    }
    append(text, point);
  }
  return text;
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const unsigned first = code(text[at]);
    if (first < 0x80) {
      ++at;
      continue;
    }
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || at + length > text.size()) return false;
    for (std::size_t next = 1; next < length; ++next) {
      if ((code(text[at + next]) & 0xc0) != 0x80) return false;
    }
    at += length;
  }
  return true;
}

/// UTF-16 without a mark, of mostly ASCII: every other byte of its beginning is zero. 'L', 'B' or ' '.
char guessed_utf16(std::string_view bytes) {
  constexpr std::size_t looked_at = 1000;
  const auto size = std::min(bytes.size(), looked_at) / 2 * 2;
  std::size_t even = 0, odd = 0;
  for (std::size_t at = 0; at < size; at += 2) {
    even += bytes[at] == '\0';
    odd += bytes[at + 1] == '\0';
  }
  if (size >= 4 && even == 0 && odd > size / 4) return 'L';
  if (size >= 4 && odd == 0 && even > size / 4) return 'B';
  return ' ';
}

void remove_marks(std::string& text) {
  auto from = text.find(mark);
  if (from == std::string::npos) return;
  std::string clean(text, 0, from);
  while (from != std::string::npos) {
    from += mark.size();
    const auto next = text.find(mark, from);
    clean.append(text, from, next == std::string::npos ? next : next - from);
    from = next;
  }
  text = std::move(clean);
}

}  // namespace

DecodedText decode_text(std::string bytes, const std::string& name) {
  const std::string_view start(bytes.data(), std::min<std::size_t>(bytes.size(), 4));
  require(start != std::string_view("\xff\xfe\0\0", 4) && start != std::string_view("\0\0\xfe\xff", 4),
          "{}: text in UTF-32; save it as UTF-8", name);
  const bool little = start.starts_with("\xff\xfe"), big = start.starts_with("\xfe\xff");
  const char guess = little || big ? ' ' : guessed_utf16(bytes);
  DecodedText decoded;
  if (little || big || guess != ' ') {
    decoded = {from_utf16(bytes, big || guess == 'B', name), "UTF-16"};
  } else if (is_utf8(bytes)) {
    decoded.text = std::move(bytes);
  } else {
    decoded.encoding = "Latin-1";
    for (const char byte : bytes) append(decoded.text, code(byte));
  }
  remove_marks(decoded.text);
  if (const auto zero = decoded.text.find('\0'); zero != std::string::npos) {
    const auto end = decoded.text.begin() + static_cast<std::ptrdiff_t>(zero);
    fail("{}:{}: a zero byte: this is no text", name, 1 + std::count(decoded.text.begin(), end, '\n'));
  }
  return decoded;
}

std::size_t blank_at(std::string_view text, std::size_t at) {
  if (at >= text.size()) return 0;
  if (text[at] == ' ' || text[at] == '\t') return 1;
  if (code(text[at]) < 0x80) return 0;
  const auto rest = text.substr(at, 3);
  if (rest.starts_with("\xc2\xa0")) return 2;  // no-break space
  if (rest == "\xe2\x80\xaf" || rest == "\xe2\x81\x9f" || rest == "\xe3\x80\x80") return 3;
  if (rest.starts_with("\xe2\x80") && rest.size() == 3 && code(rest[2]) >= 0x80 && code(rest[2]) <= 0x8b)
    return 3;  // U+2000 to U+200B
  return 0;
}

std::string_view trimmed(std::string_view text) {
  while (const auto blank = blank_at(text, 0)) text.remove_prefix(blank);
  for (;;) {
    std::size_t cut = 0;
    for (const std::size_t length : {1, 2, 3}) {
      if (length <= text.size() && blank_at(text, text.size() - length) == length) cut = length;
    }
    if (cut == 0) return text;
    text.remove_suffix(cut);
  }
}

}  // namespace ebm
