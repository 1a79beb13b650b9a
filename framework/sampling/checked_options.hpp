#pragma once

#include <string>
#include <string_view>

#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// Checks numbers given in C++ by the ranges that a reader of configurations checks.
class OptionChecker final : public Fields {
 public:
  explicit OptionChecker(std::string_view owner) : owner_(owner) {}

 protected:
  void field(const Field& field) override;

 private:
  std::string owner_;
};

/// The options themselves, once each of their numbers is in its range.
/// @throws UserError in one line: owner, option, what was found, what is allowed
template <class Options>
Options checked_options(Options options, std::string_view owner) {
  OptionChecker checker(owner);
  options.describe(checker);
  return options;
}

}  // namespace ebm
