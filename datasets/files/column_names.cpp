#include "dualebm/datasets/files/column_names.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/printable.hpp"

namespace ebm {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char letter) { return letter >= 'A' && letter <= 'Z' ? letter + ('a' - 'A') : letter; });
  return text;
}

/// The letters alone, small: "Latitude (deg)" is latitudedeg.
std::string letters(const std::string& name) {
  std::string text = lower(name);
  std::erase_if(text, [](char letter) { return letter < 'a' || letter > 'z'; });
  return text;
}

bool any_of(const std::string& name, std::initializer_list<const char*> known) {
  const auto found = letters(name);
  return std::any_of(known.begin(), known.end(), [&](const char* one) { return found == one; });
}

template <class Same>
std::vector<std::size_t> matches(const std::vector<std::string>& header, Same same) {
  std::vector<std::size_t> found;
  for (std::size_t column = 0; column < header.size(); ++column) {
    if (same(header[column])) found.push_back(column);
  }
  return found;
}

}  // namespace

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t longest = 400;
  return printable(fmt::format("{}", fmt::join(names, ", ")), longest);
}

std::string as_list_option(const std::string& key, const std::vector<std::string>& names) {
  const bool plain = std::all_of(names.begin(), names.end(), [](const std::string& name) {
    return !name.empty() && name.find_first_of(" ,\"'\\[]{}()$&;|<>*?!#\t\r\n") == std::string::npos;
  });
  if (plain) return fmt::format("{}={}", key, fmt::join(names, ","));
  std::vector<std::string> quoted;
  for (const auto& name : names) {
    std::string text;
    for (const char letter : name)
      text += letter == '"' || letter == '\\' ? std::string{'\\', letter} : std::string{letter};
    quoted.push_back("\"" + printable(text, 200) + "\"");
  }
  return fmt::format("'{}=[{}]'", key, fmt::join(quoted, ","));
}

std::vector<std::size_t> find_columns(const std::vector<std::string>& header, const std::string& name,
                                      const std::string& place) {
  auto found = matches(header, [&](const std::string& one) { return one == name; });
  if (found.empty())
    found = matches(header, [&](const std::string& one) { return lower(one) == lower(name); });
  for (std::size_t column = 0; found.empty() && column < header.size(); ++column) {
    if (lower(name) == fmt::format("x{}", column)) found = {column};
  }
  require(!found.empty(), "{}: no column {}; the header has {}", place, printable(name), listed(header));
  return found;
}

std::size_t find_column(const std::vector<std::string>& header, const std::string& name,
                        const std::string& place) {
  const auto found = find_columns(header, name, place);
  std::vector<std::string> places;
  for (const auto column : found) places.push_back(fmt::format("x{}", column));
  require(found.size() == 1, "{}: more than one column {}; say which by its place: {}; the header has {}",
          place, printable(name), fmt::join(places, " or "), listed(header));
  return found[0];
}

bool means_latitude(const std::string& name) {
  return any_of(name, {"lat",
                       "latitude",
                       "latdeg",
                       "latdegrees",
                       "latdegree",
                       "latitudedeg",
                       "latitudedegrees",
                       "latituden",
                       "latn",
                       "decimallatitude",
                       "decimallat",
                       "latdecimal",
                       "latitudedecimal",
                       "latdd",
                       "ddlat",
                       "reclat",
                       "geolat",
                       "gpslat",
                       "gpslatitude",
                       "originlat",
                       "originlatitude",
                       "eventlatitude",
                       "epicenterlatitude",
                       "epicentrelatitude",
                       "wgslat",
                       "latitudewgs"});
}

bool means_longitude(const std::string& name) {
  return any_of(name, {"lon",
                       "long",
                       "lng",
                       "longitude",
                       "londeg",
                       "londegrees",
                       "londegree",
                       "longdeg",
                       "longdegrees",
                       "longitudedeg",
                       "longitudedegrees",
                       "longitudee",
                       "lone",
                       "decimallongitude",
                       "decimallon",
                       "decimallong",
                       "londecimal",
                       "longdecimal",
                       "longitudedecimal",
                       "londd",
                       "longdd",
                       "ddlon",
                       "ddlong",
                       "reclong",
                       "reclon",
                       "geolon",
                       "geolong",
                       "geolng",
                       "gpslon",
                       "gpslong",
                       "gpslng",
                       "gpslongitude",
                       "originlon",
                       "originlongitude",
                       "eventlongitude",
                       "epicenterlongitude",
                       "epicentrelongitude",
                       "wgslon",
                       "longitudewgs"});
}

std::optional<std::size_t> usual_column(const std::vector<std::string>& header,
                                        bool (*means)(const std::string&), const std::string& what,
                                        const std::string& place) {
  const auto found = matches(header, means);
  if (found.empty()) return std::nullopt;
  std::vector<std::string> names;
  for (const auto column : found) names.push_back(header[column]);
  require(found.size() == 1, "{}: {} may be the {}: {}; choose one with dataset.{}", place,
          found.size() == 2 ? "two columns" : "several columns", what, listed(names), what);
  return found[0];
}

}  // namespace ebm
