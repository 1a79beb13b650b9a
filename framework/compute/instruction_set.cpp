#include "dualebm/framework/compute/instruction_set.hpp"

#include <algorithm>
#include <atomic>
#include <string>

#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

std::vector<InstructionSet> find_instruction_sets() {
  std::vector<InstructionSet> found{InstructionSet::portable};
#if EBM_HAS_INSTRUCTION_SETS
  // A processor's answer alone is not enough: these look at what the operating system saves of registers too.
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v3")) found.push_back(InstructionSet::avx2);
  if (__builtin_cpu_supports("x86-64-v4")) found.push_back(InstructionSet::avx512);
#endif
  return found;
}

std::atomic<InstructionSet>& chosen() {
  static std::atomic<InstructionSet> set = instruction_sets().back();
  return set;
}

}  // namespace

std::string_view to_string(InstructionSet set) {
  constexpr std::string_view names[] = {"portable", "avx2", "avx512"};
  return names[static_cast<int>(set)];
}

const std::vector<InstructionSet>& instruction_sets() {
  static const auto found = find_instruction_sets();
  return found;
}

InstructionSet instruction_set() { return chosen().load(std::memory_order_relaxed); }

void set_instruction_set(InstructionSet set) {
  const auto& known = instruction_sets();
  std::string names;
  for (const auto one : known) names += (names.empty() ? "" : ", ") + std::string(to_string(one));
  require(std::find(known.begin(), known.end(), set) != known.end(),
          "instruction set {}: this processor lacks it; it has {}", to_string(set), names);
  chosen().store(set, std::memory_order_relaxed);
}

}  // namespace ebm
