#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/version.hpp"
#include "tests/benchmarks/report.hpp"
#include "tests/benchmarks/roofline.hpp"
#include "tests/benchmarks/setup.hpp"

namespace ebm::benchmarks {

namespace {

std::string text(const Machine& m) {
  return fmt::format("float {:.1f} GF/s, double {:.1f} GF/s, copy {:.1f} GB/s", m.float_peak / 1e9,
                     m.double_peak / 1e9, m.bandwidth / 1e9);
}

/// The file of results, with the machine as it was at the end: others may work on it too.
class JsonWithMachine final : public benchmark::JSONReporter {
 public:
  void Finalize() override {
    const auto end = measure_machine();
    fmt::print(stderr, "one thread at the start: {}\none thread at the end:   {}\n", text(machine()),
               text(end));
    Run row;
    row.family_index = row.per_family_instance_index = row.repetition_index = 0;
    row.repetitions = 1;
    row.run_name.function_name = "machine_at_the_end";
    row.counters["float_flops/s"] = end.float_peak;
    row.counters["double_flops/s"] = end.double_peak;
    row.counters["bytes/s"] = end.bandwidth;
    ReportRuns({row});
    JSONReporter::Finalize();
  }
};

int run(int argc, char** argv) {
  const bool to_file = std::any_of(argv, argv + argc, [](const char* word) {
    return std::string_view(word).starts_with("--benchmark_out=");
  });
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  add_kernels();
  add_trainers();
  benchmark::AddCustomContext("dualebm", DUALEBM_VERSION);
  benchmark::AddCustomContext("one thread at the start", text(machine()));
  JsonWithMachine file;
  benchmark::ConsoleReporter console(benchmark::ConsoleReporter::OO_Tabular);
  benchmark::RunSpecifiedBenchmarks(&console, to_file ? &file : nullptr);
  return 0;
}

}  // namespace
}  // namespace ebm::benchmarks

int main(int argc, char** argv) {
  using namespace ebm::benchmarks;
  return run_program("benchmark", [&] { return run(argc, argv); });
}
