#include "dualebm/framework/settings/config_file.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/files.hpp"
#include "dualebm/framework/base/printable.hpp"

namespace ebm {
namespace {

/// Deeper than any configuration, and far from what a walk over the values by recursion can bear.
constexpr int deepest = 100;

/// More than any configuration, and little enough to be read: /dev/zero has no end.
constexpr std::size_t most_bytes = 64 << 20;

/// Parses strictly: JSON that says one key twice has lost one of them.
Json parse_json(const std::string& text, bool with_comments) {
  std::vector<std::set<std::string>> open_objects;
  const auto check = [&](int depth, Json::parse_event_t event, Json& value) {
    require(depth <= deepest, "nested more than {} deep", deepest);
    if (event == Json::parse_event_t::object_start) open_objects.emplace_back();
    if (event == Json::parse_event_t::object_end) open_objects.pop_back();
    if (event == Json::parse_event_t::key && !open_objects.back().insert(value.get<std::string>()).second) {
      fail("the key \"{}\" comes twice in one object", printable(value.get<std::string>()));
    }
    return true;
  };
  return Json::parse(text, check, /*allow_exceptions=*/true, with_comments);
}

/// What is not could be neither written to a run directory nor shown.
bool is_utf8(const std::string& text) {
  try {
    Json(text).dump();
    return true;
  } catch (const Json::type_error&) {
    return false;
  }
}

}  // namespace

Json read_json_file(const std::string& path) { return read_json_text(read_whole(path, most_bytes), path); }

Json read_json_text(const std::string& text, const std::string& path) {
  try {
    return parse_json(text, /*with_comments=*/true);
  } catch (const UserError& error) {
    fail("{}: {}", path, error.what());
  } catch (const Json::out_of_range& error) {
    fail("{}: a number is too large: {}", path, error.what());
  } catch (const Json::parse_error& error) {
    const auto end = std::min<std::size_t>(error.byte ? error.byte - 1 : 0, text.size());
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), '\n');
    const auto start = text.rfind('\n', end ? end - 1 : 0);
    const auto column = end - (start == std::string::npos || start >= end ? 0 : start + 1) + 1;
    std::string reason = error.what();
    if (const auto colon = reason.find(": "); colon != std::string::npos) reason = reason.substr(colon + 2);
    fail("{}:{}:{}: not valid JSON: {}", path, line, column, reason);
  }
}

void set_path(Json& configuration, const std::string& path, Json value) {
  const auto shown = printable(path);
  require(!path.empty() && path.back() != '.',
          "override {}: a key of the path is empty; write section.key=value", shown);
  require(std::count(path.begin(), path.end(), '.') < deepest, "override {}: nested more than {} deep", shown,
          deepest);
  Json* place = &configuration;
  std::stringstream keys(path);
  std::string key, so_far;
  while (std::getline(keys, key, '.')) {
    require(!key.empty(), "override {}: a key of the path is empty; write section.key=value", shown);
    require(place->is_object() || place->is_null(), "override {}: {} is {}, not a section", shown,
            printable(so_far), printable(place->dump()));
    so_far += (so_far.empty() ? "" : ".") + key;
    place = &(*place)[key];
  }
  *place = std::move(value);
}

void apply_override(Json& configuration, const std::string& assignment) {
  const auto equals = assignment.find('=');
  require(equals != std::string::npos && equals > 0, "--set {}: expected section.key=value",
          printable(assignment));
  require(is_utf8(assignment), "--set {}: not UTF-8", printable(assignment.substr(0, equals)));
  const auto text = assignment.substr(equals + 1);
  Json value = text;
  try {
    value = parse_json(text, /*with_comments=*/false);
  } catch (const UserError& error) {
    fail("--set {}: {}", printable(assignment), error.what());
  } catch (const Json::exception&) {
    // No JSON: a word, which needs no quotes.
  }
  set_path(configuration, assignment.substr(0, equals), std::move(value));
}

}  // namespace ebm
