#include "tests/support/spoiled_runs.hpp"

#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

// Twenty of the two hundred runs that tests/benchmarks/verdicts.cpp counts: all of them right here.
TEST(Verdict, TellsSpoiledRunsFromSoundOnes) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const SmallRun run(seed);
    for (const auto spoil :
         {Spoil::nothing, Spoil::steps_too_large, Spoil::mode_lost, Spoil::weights_off, Spoil::frozen}) {
      const auto verdict = run.judge(run.particles(spoil));
      std::string failed;
      for (const auto& check : verdict.checks) {
        if (!check.passed)
          failed += fmt::format(" {} {:.3g} > {:.3g};", check.name, check.value, check.limit);
      }
      EXPECT_EQ(verdict.trusted(), spoil == Spoil::nothing)
          << "seed " << seed << ", " << names_of_spoils[static_cast<int>(spoil)] << ":" << failed;
    }
  }
}

TEST(Verdict, ParticlesThatAreNoNumbersAreSaidToBe) {
  const SmallRun run(1, 5);
  auto particles = run.particles(Spoil::nothing);
  particles[3][0] = std::numeric_limits<float>::quiet_NaN();
  const auto verdict = run.judge(particles, {.most_steps = 128});
  EXPECT_FALSE(verdict.trusted());
}

}  // namespace
}  // namespace ebm::testing
