#include "dualebm/framework/training/progress.hpp"

#include <array>
#include <utility>

#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

constexpr std::array<std::pair<RunEnd, const char*>, 7> words = {{{RunEnd::finished, "finished"},
                                                                  {RunEnd::budget, "budget used up"},
                                                                  {RunEnd::early_stop, "stopped early"},
                                                                  {RunEnd::stopped, "stopped"},
                                                                  {RunEnd::interrupted, "interrupted"},
                                                                  {RunEnd::diverged, "diverged"},
                                                                  {RunEnd::failed, "failed"}}};

}  // namespace

std::string to_string(RunEnd end) {
  for (const auto& [known, word] : words) {
    if (known == end) return word;
  }
  return "failed";
}

RunEnd run_end_of(const std::string& word) {
  for (const auto& [end, known] : words) {
    if (word == known) return end;
  }
  fail("\"{}\" is no end of a run", word);
}

}  // namespace ebm
