#include "framework/config.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "framework/error.hpp"
#include "framework/printable.hpp"

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
  return printable(value.dump(-1, ' ', false, Json::error_handler_t::replace), 60);
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

FieldReader::~FieldReader() = default;

std::string FieldReader::path_of(std::string_view name) const {
  return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
}

const Json* FieldReader::find(std::string_view name) {
  known_.emplace_back(name);
  const auto entry = section_.find(std::string(name));
  return entry == section_.end() ? nullptr : &*entry;
}

void FieldReader::wrong(std::string_view name, const Json& found, std::string_view allowed) const {
  fail("{}: expected {}, found {} ({})", path_of(name), allowed, shown(found), found.type_name());
}

double FieldReader::number_in(std::string_view name, const Json& found, Range range) const {
  const auto allowed = fmt::format("a number {}", range.to_string());
  if (!found.is_number()) wrong(name, found, allowed);
  const double value = found.get<double>();
  if (!range.contains(value)) wrong(name, found, allowed);
  return value;
}

void FieldReader::number(std::string_view name, double& value, Range range, std::string_view) {
  if (const Json* found = find(name)) value = number_in(name, *found, range);
}

void FieldReader::number(std::string_view name, std::optional<double>& value, Range range, std::string_view) {
  const Json* found = find(name);
  if (!found) return;
  if (found->is_null()) {
    value.reset();
  } else {
    value = number_in(name, *found, range);
  }
}

std::int64_t FieldReader::integer_in(std::string_view name, const Json& found, Range range) const {
  // 1e4 is an integer to a human: floating-point notation of whole numbers is accepted.
  constexpr double exact = 9007199254740992.0;  // 2^53, beyond which doubles skip integers
  const bool whole = found.is_number() && std::trunc(found.get<double>()) == found.get<double>();
  if (!whole || std::abs(found.get<double>()) > exact || !range.contains(found.get<double>())) {
    wrong(name, found, fmt::format("an integer {}", range.to_string()));
  }
  return found.is_number_float() ? static_cast<std::int64_t>(found.get<double>()) : found.get<std::int64_t>();
}

void FieldReader::integer(std::string_view name, std::int64_t& value, Range range, std::string_view) {
  if (const Json* found = find(name)) value = integer_in(name, *found, range);
}

void FieldReader::integer(std::string_view name, std::optional<std::int64_t>& value, Range range,
                          std::string_view) {
  const Json* found = find(name);
  if (!found) return;
  if (found->is_null()) {
    value.reset();
  } else {
    value = integer_in(name, *found, range);
  }
}

void FieldReader::boolean(std::string_view name, bool& value, std::string_view) {
  const Json* found = find(name);
  if (!found) return;
  if (!found->is_boolean()) wrong(name, *found, "true or false");
  value = found->get<bool>();
}

void FieldReader::text(std::string_view name, std::string& value, std::string_view) {
  const Json* found = find(name);
  if (!found) return;
  if (!found->is_string()) wrong(name, *found, "a string");
  value = found->get<std::string>();
}

void FieldReader::choice(std::string_view name, std::string& value, std::vector<std::string> allowed,
                         std::string_view) {
  const Json* found = find(name);
  if (!found) return;
  const auto names = fmt::format("one of {}", joined(allowed));
  if (!found->is_string()) wrong(name, *found, names);
  const auto text = found->get<std::string>();
  if (std::find(allowed.begin(), allowed.end(), text) == allowed.end()) {
    const auto near = nearest_name(text, allowed);
    wrong(name, *found, near ? fmt::format("{} (did you mean \"{}\"?)", names, *near) : names);
  }
  value = text;
}

void FieldReader::numbers(std::string_view name, std::vector<double>& value, Range range, std::string_view) {
  const Json* found = find(name);
  if (!found) return;
  if (!found->is_array()) wrong(name, *found, "an array of numbers");
  value.clear();
  for (std::size_t i = 0; i < found->size(); ++i) {
    value.push_back(number_in(fmt::format("{}[{}]", name, i), (*found)[i], range));
  }
}

void FieldReader::integers(std::string_view name, std::vector<std::int64_t>& value, Range range,
                           std::string_view) {
  const Json* found = find(name);
  if (!found) return;
  if (!found->is_array()) wrong(name, *found, "an array of integers");
  value.clear();
  for (std::size_t i = 0; i < found->size(); ++i) {
    value.push_back(integer_in(fmt::format("{}[{}]", name, i), (*found)[i], range));
  }
}

void FieldReader::vectors(std::string_view name, std::vector<std::vector<double>>& value, std::string_view) {
  const Json* found = find(name);
  if (!found) return;
  if (!found->is_array()) wrong(name, *found, "an array of vectors");
  value.clear();
  for (std::size_t i = 0; i < found->size(); ++i) {
    const auto& row = (*found)[i];
    const auto row_name = fmt::format("{}[{}]", name, i);
    if (!row.is_array()) wrong(row_name, row, "an array of numbers");
    auto& target = value.emplace_back();
    for (std::size_t j = 0; j < row.size(); ++j) {
      target.push_back(number_in(fmt::format("{}[{}]", row_name, j), row[j], Range::any()));
    }
  }
}

void FieldReader::section(std::string_view name, Json& value, std::string_view) {
  if (const Json* found = find(name)) value = *found;
}

void FieldReader::finish() const {
  for (const auto& [key, value] : section_.items()) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    const auto near = nearest_name(key, known_);
    fail("{}: unknown key{}; known here: {}", path_of(printable(key)),
         near ? fmt::format(" (did you mean \"{}\"?)", *near) : "", joined(known_));
  }
}

void FieldWriter::number(std::string_view name, double& value, Range, std::string_view) {
  section_[std::string(name)] = value;
}
void FieldWriter::number(std::string_view name, std::optional<double>& value, Range, std::string_view) {
  section_[std::string(name)] = value ? Json(*value) : Json(nullptr);
}
void FieldWriter::integer(std::string_view name, std::int64_t& value, Range, std::string_view) {
  section_[std::string(name)] = value;
}
void FieldWriter::integer(std::string_view name, std::optional<std::int64_t>& value, Range,
                          std::string_view) {
  section_[std::string(name)] = value ? Json(*value) : Json(nullptr);
}
void FieldWriter::boolean(std::string_view name, bool& value, std::string_view) {
  section_[std::string(name)] = value;
}
void FieldWriter::text(std::string_view name, std::string& value, std::string_view) {
  section_[std::string(name)] = value;
}
void FieldWriter::choice(std::string_view name, std::string& value, std::vector<std::string>,
                         std::string_view) {
  section_[std::string(name)] = value;
}
void FieldWriter::numbers(std::string_view name, std::vector<double>& value, Range, std::string_view) {
  section_[std::string(name)] = value;
}
void FieldWriter::integers(std::string_view name, std::vector<std::int64_t>& value, Range, std::string_view) {
  section_[std::string(name)] = value;
}
void FieldWriter::vectors(std::string_view name, std::vector<std::vector<double>>& value, std::string_view) {
  section_[std::string(name)] = value;
}
void FieldWriter::section(std::string_view name, Json& value, std::string_view) {
  section_[std::string(name)] = value;
}

namespace {

FieldDescription described(std::string_view name, std::string type, std::string default_value,
                           std::string_view meaning) {
  return {std::string(name), std::move(type), std::move(default_value), std::string(meaning)};
}

}  // namespace

void FieldLister::number(std::string_view name, double& value, Range range, std::string_view meaning) {
  descriptions.push_back(described(name, "number " + range.to_string(), fmt::format("{:g}", value), meaning));
}
void FieldLister::number(std::string_view name, std::optional<double>& value, Range range,
                         std::string_view meaning) {
  descriptions.push_back(described(name, fmt::format("number {} or null", range.to_string()),
                                   value ? fmt::format("{:g}", *value) : "null", meaning));
}
void FieldLister::integer(std::string_view name, std::int64_t& value, Range range, std::string_view meaning) {
  descriptions.push_back(described(name, "integer " + range.to_string(), fmt::format("{}", value), meaning));
}
void FieldLister::integer(std::string_view name, std::optional<std::int64_t>& value, Range range,
                          std::string_view meaning) {
  descriptions.push_back(described(name, fmt::format("integer {} or null", range.to_string()),
                                   value ? fmt::format("{}", *value) : "null", meaning));
}
void FieldLister::boolean(std::string_view name, bool& value, std::string_view meaning) {
  descriptions.push_back(described(name, "boolean", value ? "true" : "false", meaning));
}
void FieldLister::text(std::string_view name, std::string& value, std::string_view meaning) {
  descriptions.push_back(described(name, "string", fmt::format("\"{}\"", value), meaning));
}
void FieldLister::choice(std::string_view name, std::string& value, std::vector<std::string> allowed,
                         std::string_view meaning) {
  descriptions.push_back(
      described(name, fmt::format("{}", fmt::join(allowed, " | ")), fmt::format("\"{}\"", value), meaning));
}
void FieldLister::numbers(std::string_view name, std::vector<double>& value, Range range,
                          std::string_view meaning) {
  descriptions.push_back(
      described(name, fmt::format("array of numbers {}", range.to_string()), Json(value).dump(), meaning));
}
void FieldLister::integers(std::string_view name, std::vector<std::int64_t>& value, Range range,
                           std::string_view meaning) {
  descriptions.push_back(
      described(name, fmt::format("array of integers {}", range.to_string()), Json(value).dump(), meaning));
}
void FieldLister::vectors(std::string_view name, std::vector<std::vector<double>>& value,
                          std::string_view meaning) {
  descriptions.push_back(described(name, "array of vectors", Json(value).dump(), meaning));
}
void FieldLister::section(std::string_view name, Json& value, std::string_view meaning) {
  descriptions.push_back(described(name, "section", value.dump(), meaning));
}

}  // namespace ebm
