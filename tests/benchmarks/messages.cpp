#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "dualebm/framework/compute/communicator.hpp"

/// What a message between ranks costs: `mpirun -n 2 build/bin/messages`. Rank 0 prints the median time of a
/// gather for everyone, by the bytes that all ranks have together.
int main() {
  using Clock = std::chrono::steady_clock;
  const auto ranks = ebm::launched_ranks();
  const auto size = static_cast<std::int64_t>(ranks->size());
  for (const std::int64_t bytes : {1, 64, 1024, 16384, 131072, 1048576, 16777216}) {
    const std::vector<std::int64_t> counts(static_cast<std::size_t>(size), (bytes + size - 1) / size);
    const std::vector<char> own(static_cast<std::size_t>(counts.front()));
    std::vector<char> all(own.size() * counts.size());
    std::vector<double> times;
    for (int i = 0; i < 201; ++i) {
      ranks->barrier();
      const auto start = Clock::now();
      ranks->gather(own.data(), all.data(), counts);
      times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
    }
    std::nth_element(times.begin(), times.begin() + 100, times.end());
    if (ranks->is_first()) fmt::print("{:>10} bytes {:>10.1f} us\n", bytes, times[100]);
  }
}
