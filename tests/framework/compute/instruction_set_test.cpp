#include "dualebm/framework/compute/instruction_set.hpp"

#include <algorithm>
#include <string>

#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

// On a processor that has all three, nothing is refused; then only the order and the choice are tested.
TEST(InstructionSet, TakesThoseThatThisProcessorHasAndRefusesTheOthers) {
  const auto& known = instruction_sets();
  EXPECT_EQ(known.front(), InstructionSet::portable);
  EXPECT_TRUE(std::is_sorted(known.begin(), known.end()));
  EXPECT_EQ(instruction_set(), known.back());
  for (const auto set : {InstructionSet::portable, InstructionSet::avx2, InstructionSet::avx512}) {
    if (std::find(known.begin(), known.end(), set) != known.end()) {
      set_instruction_set(set);
      EXPECT_EQ(instruction_set(), set);
    } else {
      expect_contains(user_error([&] { set_instruction_set(set); }),
                      std::string(to_string(set)) + ": this processor lacks it");
      EXPECT_NE(instruction_set(), set);
    }
  }
  set_instruction_set(known.back());
}

}  // namespace
}  // namespace ebm::testing
