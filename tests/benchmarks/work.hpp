#pragma once

#include <algorithm>
#include <cstdint>

namespace ebm::benchmarks {

/// What one thread of this machine does at best, measured in the same run.
struct Machine {
  double float_peak = 0, double_peak = 0;  ///< fused multiply-adds, flops/s; an addition and a product are 2
  double bandwidth = 0;                    ///< of a copy between arrays beyond the caches, bytes/s both ways
};

/// What a piece of work asks for at least: arithmetic in registers, every array once through memory.
struct Work {
  double flops = 0, bytes = 0;
  bool in_double = false;

  /// flops/s = min(peak · threads, flops/bytes · bandwidth), as a time in seconds: no less is possible for
  /// arrays that do not stay in the caches.
  double least_seconds(const Machine& machine, int threads) const {
    return std::max(compute_seconds(machine, threads), bytes / machine.bandwidth);
  }
  bool memory_bound(const Machine& machine, int threads) const {
    return compute_seconds(machine, threads) < bytes / machine.bandwidth;
  }

 private:
  double compute_seconds(const Machine& machine, int threads) const {
    return flops / (threads * (in_double ? machine.double_peak : machine.float_peak));
  }
};

/// Sizes of a pass over N points with an energy whose layers have W weights: m d for a shallow one. The
/// counts below are the only ones; activations, roots and random numbers are not counted.
struct Pass {
  std::int64_t points = 0, dimension = 0, weights = 0;
  bool in_double = false;

  /// E: a multiply-add for each point and weight. Points are read, energies written.
  Work energy() const { return work(2, dimension + 1); }
  /// ∇_x E: the same, and once more on the way back; 4 N m d. Points are read, gradients written.
  Work gradient() const { return work(4, 2 * dimension); }
  /// Σ_i v_i ∇_θ E(x_i) of a shallow energy: 4 N m d. Points and their weights are read.
  Work accumulate() const { return work(4, dimension + 1); }
  /// The same of a deep one, which takes the way back twice, to its layers and to their weights.
  Work accumulate_deep() const { return work(6, dimension + 1); }
  /// A Langevin step: ∇_x E, noise and retraction. Points are read and written.
  Work langevin() const { return gradient(); }
  /// N d random numbers written.
  Work normals() const { return work(0, dimension); }

 private:
  Work work(double flops_per_weight, std::int64_t numbers_per_point) const {
    return {.flops = flops_per_weight * static_cast<double>(points * weights),
            .bytes = static_cast<double>(points * numbers_per_point) * (in_double ? 8 : 4),
            .in_double = in_double};
  }
};

}  // namespace ebm::benchmarks
