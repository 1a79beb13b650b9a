#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace ebm {

/// An error that the user can mend: a wrong key, a bad row, a step size that makes the run diverge.
///
/// The message is one line that says what, where, what was found and what is allowed.
/// The apps print it to stderr and end with exit code 2.
class UserError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A run that went astray; the message names what was seen, the iteration and the likely cause.
class DivergedError : public UserError {
 public:
  using UserError::UserError;
};

/// One that left the finite numbers.
class NonFiniteError final : public DivergedError {
 public:
  using DivergedError::DivergedError;
};

/// Throws UserError with a formatted message.
template <class... Arguments>
[[noreturn]] void fail(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  throw UserError(fmt::format(format, std::forward<Arguments>(arguments)...));
}

/// Throws UserError with a formatted message unless `condition` holds.
template <class... Arguments>
void require(bool condition, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  if (!condition) fail(format, std::forward<Arguments>(arguments)...);
}

}  // namespace ebm
