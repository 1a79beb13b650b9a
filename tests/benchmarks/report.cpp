#include "tests/benchmarks/report.hpp"

#include <chrono>
#include <ctime>

#include "tests/benchmarks/roofline.hpp"

namespace ebm::benchmarks {

const Machine& machine() {
  static const Machine measured = measure_machine();
  return measured;
}

void report(benchmark::State& state, const Work& work, int threads, double seconds) {
  const double rate = static_cast<double>(state.iterations()) / seconds;
  if (work.flops > 0) state.counters["flops/s"] = work.flops * rate;
  if (work.memory_bound(machine(), threads)) state.counters["bytes/s"] = work.bytes * rate;
  state.counters["of_roof"] = work.least_seconds(machine(), threads) * rate;
}

void add_row(const std::string& name, int threads, std::function<void(benchmark::State&)> row) {
  auto* added = benchmark::RegisterBenchmark(name.c_str(), std::move(row));
  added->Unit(benchmark::kMicrosecond)->MeasureProcessCPUTime();
  if (threads > 1) added->UseRealTime();
}

double repeat(benchmark::State& state, int threads, const std::function<void()>& run) {
  const auto now = [threads] {
    if (threads == 1) return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  };
  run();  // the first takes memory from the system
  const double start = now();
  for (auto _ : state) run();
  return now() - start;
}

}  // namespace ebm::benchmarks
