#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace ebm {

using Json = nlohmann::ordered_json;

/// The numbers that an option accepts.
struct Range {
  double low = -std::numeric_limits<double>::infinity();  ///< the least
  double high = std::numeric_limits<double>::infinity();  ///< the largest
  bool low_included = true;                               ///< whether the least itself is accepted
  bool high_included = true;                              ///< whether the largest itself is accepted

  static Range any() { return {}; }                                      ///< every finite number
  static Range positive() { return {.low = 0, .low_included = false}; }  ///< x > 0
  static Range at_least(double low) { return {.low = low}; }             ///< x >= low
  static Range between(double low, double high) { return {.low = low, .high = high}; }  ///< low <= x <= high

  bool contains(double value) const;  ///< never of NaN and infinities
  std::string to_string() const;      ///< "> 0", "in [0, 1]", "finite"
};

/// One option of a struct: its name, where its value lives, what it accepts and what it means.
struct Field {
  /// Where the value lives, by its type.
  using Value =
      std::variant<double*, std::int64_t*, std::optional<double>*, std::optional<std::int64_t>*, bool*,
                   std::optional<bool>*, std::string*, std::vector<double>*, std::vector<std::int64_t>*,
                   std::vector<std::vector<double>>*, std::vector<std::string>*, Json*>;
  std::string_view name;                  ///< the key
  Value value;                            ///< what a reader writes to and a writer reads
  std::string_view meaning;               ///< one line for a person, with the unit
  Range range = Range::any();             ///< of numbers, alone or in arrays
  std::vector<std::string> allowed = {};  ///< the texts that a choice accepts; empty: any
  bool is_path = false;  ///< a text that names a file: a configuration's reader makes it absolute
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

  /// @param value  double or std::optional<double>, which null leaves empty
  template <class Number>
  void number(std::string_view name, Number& value, Range range, std::string_view meaning) {
    static_assert(std::is_same_v<Number, double> || std::is_same_v<Number, std::optional<double>>,
                  "an option that is a number is a double or a std::optional<double>");
    field({name, &value, meaning, range});
  }
  /// @param value  std::int64_t or std::optional<std::int64_t>
  template <class Integer>
  void integer(std::string_view name, Integer& value, Range range, std::string_view meaning) {
    static_assert(
        std::is_same_v<Integer, std::int64_t> || std::is_same_v<Integer, std::optional<std::int64_t>>,
        "an option that is an integer is a std::int64_t or a std::optional<std::int64_t>");
    field({name, &value, meaning, range});
  }
  /// @param value  bool or std::optional<bool>
  template <class Truth>
  void boolean(std::string_view name, Truth& value, std::string_view meaning) {
    static_assert(std::is_same_v<Truth, bool> || std::is_same_v<Truth, std::optional<bool>>,
                  "an option that is true or false is a bool or a std::optional<bool>");
    field({name, &value, meaning});
  }
  /// Any text.
  void text(std::string_view name, std::string& value, std::string_view meaning) {
    field({name, &value, meaning});
  }
  /// A file. Relative to the folder that the program runs in when a configuration is read, absolute from then
  /// on, so that a run finds it from any folder; empty: none.
  void path(std::string_view name, std::string& value, std::string_view meaning) {
    field({.name = name, .value = &value, .meaning = meaning, .is_path = true});
  }
  /// One of a few texts. @param allowed  all of them
  void choice(std::string_view name, std::string& value, std::vector<std::string> allowed,
              std::string_view meaning) {
    field({name, &value, meaning, Range::any(), std::move(allowed)});
  }
  /// An array of numbers, each in the range.
  void numbers(std::string_view name, std::vector<double>& value, Range range, std::string_view meaning) {
    field({name, &value, meaning, range});
  }
  /// An array of integers, each in the range.
  void integers(std::string_view name, std::vector<std::int64_t>& value, Range range,
                std::string_view meaning) {
    field({name, &value, meaning, range});
  }
  /// An array of arrays of numbers: points, neurons.
  void vectors(std::string_view name, std::vector<std::vector<double>>& value, std::string_view meaning) {
    field({name, &value, meaning});
  }
  /// An array of texts; one text with commas, a,b, is as good.
  void texts(std::string_view name, std::vector<std::string>& value, std::string_view meaning) {
    field({name, &value, meaning});
  }
  /// An object or array that another reader takes over; only its being there is the business of this one.
  void section(std::string_view name, Json& value, std::string_view meaning) {
    field({name, &value, meaning});
  }

 protected:
  /// What a walk does with one option; all of the above end here.
  virtual void field(const Field& field) = 0;
};

/// Reads the fields of a JSON object. Every error names the path of the key, what was found and what is
/// allowed.
class FieldReader final : public Fields {
 public:
  /// @param path  of the section, e.g. "trainer"; empty at the top.
  FieldReader(const Json& section, std::string path);

  /// Refuses every key of the section that no field has asked for, with the nearest known name.
  void finish() const;

 protected:
  void field(const Field& field) override;

 private:
  std::string path_of(std::string_view name) const;

  const Json& section_;
  std::string path_;
  std::vector<std::string> known_;
};

/// Checks values that were given in C++ by the ranges that a reader of configurations checks.
class FieldChecker final : public Fields {
 public:
  /// @param owner  whose options they are, for messages: "mlp"
  explicit FieldChecker(std::string_view owner) : owner_(owner) {}

 protected:
  void field(const Field& field) override;

 private:
  std::string owner_;
};

/// The options themselves, once every one of them is in its range: what a constructor takes them through.
/// @throws UserError in one line: owner, option, what was found, what is allowed
template <class Options>
Options checked(Options options, std::string_view owner) {
  FieldChecker checker(owner);
  options.describe(checker);
  return options;
}

/// Writes the current values into a JSON object, in the order described.
class FieldWriter final : public Fields {
 public:
  /// @param section  an object, which keeps what else it has
  explicit FieldWriter(Json& section) : section_(section) {}

 protected:
  void field(const Field& field) override;

 private:
  Json& section_;
};

/// What `dualebm list` prints of one option.
struct FieldDescription {
  std::string name, type, default_value, meaning;  ///< texts, as printed
};

/// Collects descriptions; the values at the time of the walk are the defaults.
class FieldLister final : public Fields {
 public:
  std::vector<FieldDescription> descriptions;  ///< in the order described

 protected:
  void field(const Field& field) override;
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
