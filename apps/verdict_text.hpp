#pragma once

#include <string>

#include "dualebm/framework/sampling/diagnostics/verdict.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// A verdict for a terminal: a line for each check, what to do below those that failed, and the sum of it.
/// @param subject  of the last line: "the samples", "the particles of the run"
std::string to_text(const Verdict& verdict, const std::string& subject);

/// "trusted, all 7 checks passed", or what failed: "not trusted: R-hat 1.3 (limit 1.01), flux 9 (limit 5)".
std::string in_a_line(const Verdict& verdict);

/// {"trusted": true, "checks": [{"name", "value", "limit", "passed", "finding", "advice"}]};
/// what is not finite: null
Json to_json(const Verdict& verdict);

/// The exit code of a program whose numbers are not to be trusted, though they were written.
constexpr int not_trusted = 3;

}  // namespace ebm
