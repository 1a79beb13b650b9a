#include "dualebm/framework/settings/fields.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <numeric>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/printable.hpp"

namespace ebm {
namespace {

std::string joined(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

/// Levenshtein's edit distance.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitution});
    }
  }
  return row.back();
}

std::string shown(const Json& value) {
  // JSON has no word for these; values that come from C++ may be them.
  if (value.is_number_float() && !std::isfinite(value.get<double>()))
    return fmt::format("{}", value.get<double>());
  return printable(value.dump(-1, ' ', false, Json::error_handler_t::replace), 60);
}

[[noreturn]] void wrong(const std::string& path, const Json& found, std::string_view allowed) {
  fail("{}: expected {}, found {} ({})", path, allowed, shown(found), found.type_name());
}

void read(const std::string& path, const Json& found, const Field& field, double& value) {
  const auto allowed = fmt::format("a number {}", field.range.to_string());
  if (!found.is_number() || !field.range.contains(found.get<double>())) wrong(path, found, allowed);
  value = found.get<double>();
}

void read(const std::string& path, const Json& found, const Field& field, std::int64_t& value) {
  // 1e4 is an integer to a human: floating-point notation of whole numbers is accepted.
  constexpr double exact = 9007199254740992.0;  // 2^53, beyond which doubles skip integers
  const bool whole = found.is_number() && std::trunc(found.get<double>()) == found.get<double>();
  if (!whole || std::abs(found.get<double>()) > exact || !field.range.contains(found.get<double>())) {
    wrong(path, found, fmt::format("an integer {}", field.range.to_string()));
  }
  value =
      found.is_number_float() ? static_cast<std::int64_t>(found.get<double>()) : found.get<std::int64_t>();
}

void read(const std::string& path, const Json& found, const Field&, bool& value) {
  if (!found.is_boolean()) wrong(path, found, "true or false");
  value = found.get<bool>();
}

void read(const std::string& path, const Json& found, const Field& field, std::string& value) {
  const auto& allowed = field.allowed;
  const auto names = allowed.empty() ? "a string" : fmt::format("one of {}", joined(allowed));
  // `--set dataset.label=2` means the text "2"; 1.50 has lost its spelling on the way.
  const bool spelt = allowed.empty() ? found.is_number_integer() || found.is_boolean() : found.is_boolean();
  if (found.is_number_float() && allowed.empty())
    wrong(path, found, "a string: a number between quotes, \"...\"");
  if (!found.is_string() && !spelt) wrong(path, found, names);
  const auto text = spelt ? found.dump() : found.get<std::string>();
  if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), text) == allowed.end()) {
    const auto near = nearest_name(text, allowed);
    wrong(path, found, near ? fmt::format("{} (did you mean \"{}\"?)", names, *near) : names);
  }
  value = field.is_path && !text.empty() ? std::filesystem::absolute(text).lexically_normal().string() : text;
}

void read(const std::string&, const Json& found, const Field&, Json& value) { value = found; }

void read(const std::string& path, const Json& found, const Field& field, std::vector<std::string>& values) {
  values.clear();
  if (found.is_array()) {
    for (std::size_t i = 0; i < found.size(); ++i)
      read(fmt::format("{}[{}]", path, i), found[i], field, values.emplace_back());
    return;
  }
  std::string text;
  if (found.is_object() || found.is_null()) wrong(path, found, "an array of strings");
  read(path, found, field, text);
  for (std::size_t begin = 0; !text.empty() && begin <= text.size();) {
    const auto comma = std::min(text.find(',', begin), text.size());
    const auto first = std::min(text.find_first_not_of(' ', begin), comma);
    const auto last = text.find_last_not_of(' ', comma == 0 ? 0 : comma - 1);
    values.push_back(first == comma ? std::string() : text.substr(first, last + 1 - first));
    begin = comma + 1;
  }
}

template <class Value>
void read(const std::string& path, const Json& found, const Field& field, std::optional<Value>& value) {
  if (found.is_null()) return value.reset();
  read(path, found, field, value.emplace());
}

const char* plural(const double&) { return "numbers"; }
const char* plural(const std::int64_t&) { return "integers"; }
const char* plural(const std::vector<double>&) { return "vectors"; }

template <class Value>
void read(const std::string& path, const Json& found, const Field& field, std::vector<Value>& values) {
  if (!found.is_array()) wrong(path, found, fmt::format("an array of {}", plural(Value())));
  values.clear();
  for (std::size_t i = 0; i < found.size(); ++i) {
    read(fmt::format("{}[{}]", path, i), found[i], field, values.emplace_back());
  }
}

template <class Value>
Json json_of(const Value& value) {
  return value;
}
template <class Value>
Json json_of(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

/// The type of a field for a reader, with what it accepts.
std::string type_of(const Field& field, const double&) { return "number " + field.range.to_string(); }
std::string type_of(const Field& field, const std::int64_t&) { return "integer " + field.range.to_string(); }
std::string type_of(const Field&, const bool&) { return "boolean"; }
std::string type_of(const Field&, const Json&) { return "section"; }
std::string type_of(const Field& field, const std::string&) {
  return field.allowed.empty() ? "string" : fmt::format("{}", fmt::join(field.allowed, " | "));
}
template <class Value>
std::string type_of(const Field& field, const std::optional<Value>&) {
  return type_of(field, Value()) + " or null";
}
template <class Value>
std::string type_of(const Field& field, const std::vector<Value>&) {
  return fmt::format("array of {} {}", plural(Value()), field.range.to_string());
}
std::string type_of(const Field&, const std::vector<std::vector<double>>&) { return "array of vectors"; }
std::string type_of(const Field&, const std::vector<std::string>&) { return "array of strings, or a,b"; }

std::string default_of(const double& value) { return fmt::format("{:g}", value); }
std::string default_of(const std::optional<double>& value) { return value ? default_of(*value) : "null"; }
template <class Value>
std::string default_of(const Value& value) {
  return json_of(value).dump();
}

}  // namespace

bool Range::contains(double value) const {
  if (!std::isfinite(value)) return false;
  return (low_included ? value >= low : value > low) && (high_included ? value <= high : value < high);
}

std::string Range::to_string() const {
  const bool bounded_below = std::isfinite(low), bounded_above = std::isfinite(high);
  if (bounded_below && bounded_above) {
    return fmt::format("in {}{:g}, {:g}{}", low_included ? '[' : '(', low, high, high_included ? ']' : ')');
  }
  if (bounded_below) return fmt::format("{} {:g}", low_included ? ">=" : ">", low);
  if (bounded_above) return fmt::format("{} {:g}", high_included ? "<=" : "<", high);
  return "finite";
}

std::optional<std::string> nearest_name(std::string_view name, const std::vector<std::string>& known) {
  std::optional<std::string> best;
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const auto& candidate : known) {
    const auto distance = edit_distance(name, candidate);
    if (distance < best_distance) best_distance = distance, best = candidate;
  }
  return best;
}

FieldReader::FieldReader(const Json& section, std::string path) : section_(section), path_(std::move(path)) {
  require(section.is_object(), "{}: expected an object, found {}", path_.empty() ? "configuration" : path_,
          shown(section));
}

std::string FieldReader::path_of(std::string_view name) const {
  return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
}

void FieldReader::field(const Field& field) {
  known_.emplace_back(field.name);
  const auto found = section_.find(known_.back());
  const bool given = found != section_.end();
  // A path left out is read as well: the resolved configuration may be read again in another folder.
  if (!given && !field.is_path) return;
  std::visit([&](auto* value) { read(path_of(field.name), given ? *found : json_of(*value), field, *value); },
             field.value);
}

void FieldReader::finish() const {
  for (const auto& [key, value] : section_.items()) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    const auto near = nearest_name(key, known_);
    fail("{}: unknown key{}; known here: {}", path_of(printable(key)),
         near ? fmt::format(" (did you mean \"{}\"?)", *near) : "", joined(known_));
  }
}

void FieldChecker::field(const Field& field) {
  // A copy is read back, as if a configuration had held it: one set of rules for both.
  std::visit(
      [&](const auto* value) {
        auto copy = *value;
        read(fmt::format("{}.{}", owner_, field.name), json_of(*value), field, copy);
      },
      field.value);
}

void FieldWriter::field(const Field& field) {
  std::visit([&](const auto* value) { section_[std::string(field.name)] = json_of(*value); }, field.value);
}

void FieldLister::field(const Field& field) {
  std::visit(
      [&](const auto* value) {
        descriptions.push_back({std::string(field.name), type_of(field, *value), default_of(*value),
                                std::string(field.meaning)});
      },
      field.value);
}

}  // namespace ebm
