#pragma once

#include "tests/benchmarks/work.hpp"

namespace ebm::benchmarks {

/// Measures the peak of one thread in the widest vectors that the processor has, and the bandwidth of a copy;
/// the best of several short trials, about half a second in all.
Machine measure_machine();

}  // namespace ebm::benchmarks
