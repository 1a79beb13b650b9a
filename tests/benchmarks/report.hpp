#pragma once

#include <benchmark/benchmark.h>

#include <chrono>

#include "tests/benchmarks/work.hpp"

namespace ebm::benchmarks {

/// The machine that this run has measured; fractions of the roofline refer to it.
const Machine& machine();

/// Adds to a row what one iteration of it works: flops/s, bytes/s where memory is the limit, and `of_roof`,
/// the least time that the machine allows over the time taken. A kernel whose arrays stay in the caches may
/// come out above 1.
/// @param seconds  of all iterations
inline void report(benchmark::State& state, const Work& work, int threads, double seconds) {
  const double iterations = static_cast<double>(state.iterations()) / seconds;
  if (work.flops > 0) state.counters["flops/s"] = work.flops * iterations;
  if (work.memory_bound(machine(), threads)) state.counters["bytes/s"] = work.bytes * iterations;
  state.counters["of_roof"] = work.least_seconds(machine(), threads) * iterations;
}

/// Repeats `run` as often as Google Benchmark asks. @return seconds
template <class Run>
double repeat(benchmark::State& state, Run run) {
  run();  // the first takes memory from the system
  const auto start = std::chrono::steady_clock::now();
  for (auto _ : state) run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Each file registers its rows.
void add_kernels();
void add_trainers();

}  // namespace ebm::benchmarks
