#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ebm {

using Json = nlohmann::ordered_json;

/// The numbers that an option accepts.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_included = true;
  bool high_included = true;

  static Range any() { return {}; }
  static Range positive() { return {.low = 0, .low_included = false}; }
  static Range at_least(double low) { return {.low = low}; }
  static Range between(double low, double high) { return {.low = low, .high = high}; }

  bool contains(double value) const;
  std::string to_string() const;  ///< "> 0", "in [0, 1]", "finite"
};

/// A walk over the options of a struct. One `describe` per struct serves the strict reader of configurations,
/// the writer of resolved ones and `dualebm list`, so the three cannot drift apart:
///
///     struct Options {
///       double step_size = 0.02;
///       void describe(Fields& fields) {
///         fields.number("step_size", step_size, Range::positive(), "Langevin step size h_x");
///       }
///     };
class Fields {
 public:
  virtual ~Fields() = default;
  virtual void number(std::string_view name, double& value, Range range, std::string_view meaning) = 0;
  virtual void number(std::string_view name, std::optional<double>& value, Range range,
                      std::string_view meaning) = 0;
  virtual void integer(std::string_view name, std::int64_t& value, Range range, std::string_view meaning) = 0;
  virtual void integer(std::string_view name, std::optional<std::int64_t>& value, Range range,
                       std::string_view meaning) = 0;
  virtual void boolean(std::string_view name, bool& value, std::string_view meaning) = 0;
  virtual void text(std::string_view name, std::string& value, std::string_view meaning) = 0;
  virtual void choice(std::string_view name, std::string& value, std::vector<std::string> allowed,
                      std::string_view meaning) = 0;
  virtual void numbers(std::string_view name, std::vector<double>& value, Range range,
                       std::string_view meaning) = 0;
  virtual void integers(std::string_view name, std::vector<std::int64_t>& value, Range range,
                        std::string_view meaning) = 0;
  virtual void vectors(std::string_view name, std::vector<std::vector<double>>& value,
                       std::string_view meaning) = 0;
  /// An object or array that another reader takes over; only its being there is the business of this one.
  virtual void section(std::string_view name, Json& value, std::string_view meaning) = 0;
};

/// Reads the fields of a JSON object. Every error names the path of the key, what was found and what is
/// allowed.
class FieldReader final : public Fields {
 public:
  /// @param path  of the section, e.g. "trainer"; empty at the top.
  FieldReader(const Json& section, std::string path);
  ~FieldReader() override;

  void number(std::string_view, double&, Range, std::string_view) override;
  void number(std::string_view, std::optional<double>&, Range, std::string_view) override;
  void integer(std::string_view, std::int64_t&, Range, std::string_view) override;
  void integer(std::string_view, std::optional<std::int64_t>&, Range, std::string_view) override;
  void boolean(std::string_view, bool&, std::string_view) override;
  void text(std::string_view, std::string&, std::string_view) override;
  void choice(std::string_view, std::string&, std::vector<std::string>, std::string_view) override;
  void numbers(std::string_view, std::vector<double>&, Range, std::string_view) override;
  void integers(std::string_view, std::vector<std::int64_t>&, Range, std::string_view) override;
  void vectors(std::string_view, std::vector<std::vector<double>>&, std::string_view) override;
  void section(std::string_view, Json&, std::string_view) override;

  /// Refuses every key of the section that no field has asked for, with the nearest known name.
  void finish() const;

 private:
  const Json* find(std::string_view name);
  std::string path_of(std::string_view name) const;
  [[noreturn]] void wrong(std::string_view name, const Json& found, std::string_view allowed) const;
  double number_in(std::string_view name, const Json& found, Range range) const;
  std::int64_t integer_in(std::string_view name, const Json& found, Range range) const;

  const Json& section_;
  std::string path_;
  std::vector<std::string> known_;
};

/// Writes the current values into a JSON object, in the order described.
class FieldWriter final : public Fields {
 public:
  explicit FieldWriter(Json& section) : section_(section) {}
  void number(std::string_view, double&, Range, std::string_view) override;
  void number(std::string_view, std::optional<double>&, Range, std::string_view) override;
  void integer(std::string_view, std::int64_t&, Range, std::string_view) override;
  void integer(std::string_view, std::optional<std::int64_t>&, Range, std::string_view) override;
  void boolean(std::string_view, bool&, std::string_view) override;
  void text(std::string_view, std::string&, std::string_view) override;
  void choice(std::string_view, std::string&, std::vector<std::string>, std::string_view) override;
  void numbers(std::string_view, std::vector<double>&, Range, std::string_view) override;
  void integers(std::string_view, std::vector<std::int64_t>&, Range, std::string_view) override;
  void vectors(std::string_view, std::vector<std::vector<double>>&, std::string_view) override;
  void section(std::string_view, Json&, std::string_view) override;

 private:
  Json& section_;
};

/// What `dualebm list` prints of one option.
struct FieldDescription {
  std::string name, type, default_value, meaning;
};

/// Collects descriptions; the values at the time of the walk are the defaults.
class FieldLister final : public Fields {
 public:
  void number(std::string_view, double&, Range, std::string_view) override;
  void number(std::string_view, std::optional<double>&, Range, std::string_view) override;
  void integer(std::string_view, std::int64_t&, Range, std::string_view) override;
  void integer(std::string_view, std::optional<std::int64_t>&, Range, std::string_view) override;
  void boolean(std::string_view, bool&, std::string_view) override;
  void text(std::string_view, std::string&, std::string_view) override;
  void choice(std::string_view, std::string&, std::vector<std::string>, std::string_view) override;
  void numbers(std::string_view, std::vector<double>&, Range, std::string_view) override;
  void integers(std::string_view, std::vector<std::int64_t>&, Range, std::string_view) override;
  void vectors(std::string_view, std::vector<std::vector<double>>&, std::string_view) override;
  void section(std::string_view, Json&, std::string_view) override;

  std::vector<FieldDescription> descriptions;
};

/// The known name closest to `name` in edit distance, if any is close enough to be what was meant.
std::optional<std::string> nearest_name(std::string_view name, const std::vector<std::string>& known);

/// Options read from a section, strictly: defaults where a key is absent, an error for whatever is not
/// described.
template <class Options>
Options read_options(const Json& section, const std::string& path) {
  Options options;
  FieldReader reader(section, path);
  options.describe(reader);
  reader.finish();
  return options;
}

}  // namespace ebm
