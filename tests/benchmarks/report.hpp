#pragma once

#include <benchmark/benchmark.h>

#include <functional>
#include <string>

#include "tests/benchmarks/work.hpp"

namespace ebm::benchmarks {

/// The machine that this run has measured; fractions of the roofline refer to it.
const Machine& machine();

/// Adds to a row what one iteration of it works: flops/s, bytes/s where memory is the limit, and `of_roof`,
/// the least time that the machine allows over the time taken. A kernel whose arrays stay in the caches may
/// come out above 1.
/// @param seconds  of all iterations
void report(benchmark::State& state, const Work& work, int threads, double seconds);

/// A row by its name. One thread is timed by the processor's clock of the process, so that other work on the
/// machine does not count, several by the clock on the wall.
void add_row(const std::string& name, int threads, std::function<void(benchmark::State&)> row);

/// Repeats `run` as often as Google Benchmark asks. @return seconds by the clock for that many threads
double repeat(benchmark::State& state, int threads, const std::function<void()>& run);

/// Each file registers its rows.
void add_kernels();
void add_trainers();

}  // namespace ebm::benchmarks
