#include "dualebm/datasets/files/text_number.hpp"

#include <locale.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>

#include "dualebm/datasets/files/text_encoding.hpp"

namespace ebm {
namespace {

bool is_digit(char character) { return character >= '0' && character <= '9'; }

/// Beyond the range of doubles, where std::from_chars gives none: 0 and denormals are kept.
std::optional<double> far_number(const std::string& text) {
  static const locale_t plain = ::newlocale(LC_ALL_MASK, "C", nullptr);
  const double value = ::strtod_l(text.c_str(), nullptr, plain);
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::optional<double> plain_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) return far_number(std::string(text));
  return error == std::errc() && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

/// Written as std::from_chars reads it; empty for what is no number.
std::string normalised(std::string_view text, bool decimal_comma) {
  std::string plain;
  bool digit = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char character = text[at];
    if (text.substr(at).starts_with("\xe2\x88\x92")) {  // U+2212
      plain += '-';
      at += 2;
    } else if (digit && (character == 'D' || character == 'd')) {
      plain += 'e';
    } else if (decimal_comma && character == ',') {
      // 1, and ,5 are rather two fields than one number.
      if (!digit || at + 1 == text.size() || !is_digit(text[at + 1])) return {};
      plain += '.';
    } else if (decimal_comma && character == '.') {
      return {};
    } else {
      digit = digit || is_digit(character);
      plain += character;
    }
  }
  if (plain.starts_with('+')) {
    plain.erase(0, 1);
    if (plain.empty() || !(is_digit(plain[0]) || plain[0] == '.')) return {};
  }
  return plain;
}

}  // namespace

std::optional<double> number_of(std::string_view text, bool decimal_comma) {
  // Called for every number of a file: most are plain.
  if (!decimal_comma) {
    if (const auto value = plain_number(text)) return value;
  }
  const auto plain = normalised(trimmed(text), decimal_comma);
  return plain.empty() ? std::nullopt : plain_number(plain);
}

bool is_missing(std::string_view text) {
  text = trimmed(text);
  constexpr std::size_t longest = 4;
  if (text.size() > longest) return false;
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char letter) { return letter >= 'A' && letter <= 'Z' ? letter + ('a' - 'A') : letter; });
  for (const auto* word :
       {"", "?", "na", "n/a", "nan", "null", "none", "-", "--", ".", "*", "#n/a", "<na>"}) {
    if (lower == word) return true;
  }
  return false;
}

}  // namespace ebm
