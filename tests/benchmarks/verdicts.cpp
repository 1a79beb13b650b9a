// How often the verdict of `dualebm diagnose` is right: small trained runs, of which half are spoiled on
//     purpose. build/bin/verdicts [runs] 200 by default; a line for each wrong one, then the counts
#include <fmt/format.h>

#include <cstdlib>

#include "dualebm/framework/compute/parallel.hpp"
#include "tests/support/spoiled_runs.hpp"

int main(int argc, char** argv) {
  using namespace ebm::testing;
  const int runs = argc > 1 ? std::atoi(argv[1]) : 200;
  ebm::set_threads(1);
  int right = 0, false_alarms = 0, missed = 0;
  for (int i = 0; i < runs; ++i) {
    const SmallRun run(static_cast<std::uint64_t>(1000 + i));
    const auto spoil = i % 2 == 0 ? Spoil::nothing : static_cast<Spoil>(1 + i / 2 % 4);
    const auto verdict = run.judge(run.particles(spoil));
    const bool sound = spoil == Spoil::nothing;
    right += verdict.trusted() == sound;
    false_alarms += sound && !verdict.trusted();
    missed += !sound && verdict.trusted();
    if (verdict.trusted() != sound) {
      fmt::print("run {}: {}, and the verdict is {}\n", i, names_of_spoils[static_cast<int>(spoil)],
                 verdict.trusted() ? "trusted" : "not trusted");
      for (const auto& check : verdict.checks)
        fmt::print("    {} {} {:.4g} (limit {:.4g})\n", check.passed ? "ok  " : "FAIL", check.name,
                   check.value, check.limit);
    }
    std::fflush(stdout);
  }
  fmt::print("{} runs: right {} ({:.1f} %), false alarms {} of {} ({:.1f} %), missed {} of {}\n", runs, right,
             100.0 * right / runs, false_alarms, (runs + 1) / 2, 200.0 * false_alarms / runs, missed,
             runs / 2);
}
