#include "dualebm/framework/problem/conformance.hpp"

#include "dualebm/framework/base/error.hpp"

namespace ebm {

std::string Conformance::message() const {
  std::string text;
  for (const auto& failure : failures) {
    text += fmt::format("{}{}: {}; {}", text.empty() ? "" : " | ", subject, failure.what, failure.advice);
  }
  return text;
}

void require_conformance(const Conformance& conformance) {
  if (!conformance.holds()) throw UserError(conformance.message());
}

}  // namespace ebm
