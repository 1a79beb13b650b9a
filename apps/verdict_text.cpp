#include "dualebm/apps/verdict_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace ebm {

std::string to_text(const Verdict& verdict, const std::string& subject) {
  std::string text;
  for (const auto& check : verdict.checks) {
    text += fmt::format("{} {:<22} {:<10.4g} {:<20} {}\n", check.passed ? "ok  " : "FAIL", check.name,
                        check.value, fmt::format("(limit {:.3g})", check.limit), check.finding);
    if (!check.passed) text += fmt::format("     {}\n", check.advice);
  }
  const auto failed =
      std::count_if(verdict.checks.begin(), verdict.checks.end(), [](const Check& c) { return !c.passed; });
  if (verdict.checks.size() == 1)
    return text + fmt::format("{} the check\n", failed == 0 ? fmt::format("trusted: {} passed", subject)
                                                            : fmt::format("not trusted: {} failed", subject));
  return text + (failed == 0
                     ? fmt::format("trusted: {} passed all {} checks\n", subject, verdict.checks.size())
                     : fmt::format("not trusted: {} failed {} of {} checks\n", subject, failed,
                                   verdict.checks.size()));
}

std::string in_a_line(const Verdict& verdict) {
  if (verdict.trusted()) {
    if (verdict.checks.size() == 1) return fmt::format("trusted, {} was checked", verdict.checks[0].name);
    return fmt::format("trusted, all {} checks passed", verdict.checks.size());
  }
  std::string failed;
  for (const auto& check : verdict.checks) {
    if (!check.passed)
      failed += fmt::format("{}{} {:.3g} (limit {:.3g})", failed.empty() ? "" : ", ", check.name, check.value,
                            check.limit);
  }
  return "not trusted: " + failed;
}

Json to_json(const Verdict& verdict) {
  const auto number = [](double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); };
  Json checks = Json::array();
  for (const auto& check : verdict.checks) {
    checks.push_back({{"name", check.name},
                      {"value", number(check.value)},
                      {"limit", number(check.limit)},
                      {"passed", check.passed},
                      {"finding", check.finding},
                      {"advice", check.passed ? "" : check.advice}});
  }
  return {{"trusted", verdict.trusted()}, {"checks", std::move(checks)}};
}

}  // namespace ebm
