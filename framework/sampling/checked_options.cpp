#include "dualebm/framework/sampling/checked_options.hpp"

#include <algorithm>

#include "dualebm/framework/base/error.hpp"

namespace ebm {

void OptionChecker::field(const Field& field) {
  const auto check = [&](double value) {
    require(field.range.contains(value), "{}: {} must be {}, got {}", owner_, field.name,
            field.range.to_string(), value);
  };
  if (const auto* number = std::get_if<double*>(&field.value)) check(**number);
  if (const auto* integer = std::get_if<std::int64_t*>(&field.value)) check(static_cast<double>(**integer));
  if (const auto* number = std::get_if<std::optional<double>*>(&field.value)) {
    if (**number) check(***number);
  }
  if (const auto* text = std::get_if<std::string*>(&field.value); text && !field.allowed.empty()) {
    const bool known = std::find(field.allowed.begin(), field.allowed.end(), **text) != field.allowed.end();
    require(known, "{}: {} cannot be \"{}\"; allowed: {}", owner_, field.name, **text,
            fmt::format("{}", fmt::join(field.allowed, ", ")));
  }
}

}  // namespace ebm
