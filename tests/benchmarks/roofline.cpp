#include "tests/benchmarks/roofline.hpp"

#include <chrono>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>

namespace ebm::benchmarks {
namespace {

// A multiply-add takes 4 to 5 cycles and two may begin in each: ten chains at least keep the units busy.
constexpr int chains = 12;

template <class Real, int bytes>
using Vector [[gnu::vector_size(bytes)]] = Real;

// Twelve variables by name: an array would be kept in memory. A function for each width, since the attribute
// that allows its registers belongs to a function.
#define CHAINS_OF_MULTIPLY_ADDS(name, isa, Real, bytes, MULTIPLY_ADD)                                   \
  isa void name(std::int64_t rounds) {                                                                  \
    volatile Real one = 1, zero = 0;                                                                    \
    using V = Vector<Real, bytes>;                                                                      \
    const V a = V{} + one, b = V{} + zero;                                                              \
    V x0 = b, x1 = b, x2 = b, x3 = b, x4 = b, x5 = b, x6 = b, x7 = b, x8 = b, x9 = b, x10 = b, x11 = b; \
    for (std::int64_t round = 0; round < rounds; ++round) {                                             \
      MULTIPLY_ADD(x0)                                                                                  \
      MULTIPLY_ADD(x1)                                                                                  \
      MULTIPLY_ADD(x2)                                                                                  \
      MULTIPLY_ADD(x3)                                                                                  \
      MULTIPLY_ADD(x4)                                                                                  \
      MULTIPLY_ADD(x5)                                                                                  \
      MULTIPLY_ADD(x6) MULTIPLY_ADD(x7) MULTIPLY_ADD(x8) MULTIPLY_ADD(x9) MULTIPLY_ADD(x10)             \
          MULTIPLY_ADD(x11)                                                                             \
    }                                                                                                   \
    zero = (x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9 + x10 + x11)[0];                            \
  }

#define PRODUCT_AND_SUM(x) x = x * a + b;
CHAINS_OF_MULTIPLY_ADDS(portable_float, , float, 16, PRODUCT_AND_SUM)
CHAINS_OF_MULTIPLY_ADDS(portable_double, , double, 16, PRODUCT_AND_SUM)
#ifdef __x86_64__
#define FMA_FLOATS(x) asm volatile("vfmadd213ps %2, %1, %0" : "+v"(x) : "v"(a), "v"(b));
#define FMA_DOUBLES(x) asm volatile("vfmadd213pd %2, %1, %0" : "+v"(x) : "v"(a), "v"(b));
CHAINS_OF_MULTIPLY_ADDS(avx2_float, [[gnu::target("avx2,fma")]], float, 32, FMA_FLOATS)
CHAINS_OF_MULTIPLY_ADDS(avx2_double, [[gnu::target("avx2,fma")]], double, 32, FMA_DOUBLES)
CHAINS_OF_MULTIPLY_ADDS(avx512_float, [[gnu::target("avx512f")]], float, 64, FMA_FLOATS)
CHAINS_OF_MULTIPLY_ADDS(avx512_double, [[gnu::target("avx512f")]], double, 64, FMA_DOUBLES)
#endif

/// The shortest of several runs, in seconds.
template <class Run>
double best_of(int trials, Run run) {
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < trials; ++i) {
    const auto start = std::chrono::steady_clock::now();
    run();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

/// flops/s of a function above, whose vectors hold `lanes` numbers.
double peak(void (*multiply_adds)(std::int64_t), int lanes) {
  constexpr std::int64_t rounds = 500'000;
  const double seconds = best_of(10, [&] { multiply_adds(rounds); });
  return 2.0 * lanes * chains * static_cast<double>(rounds) / seconds;
}

double copy_bandwidth() {
  constexpr std::size_t size = 256 << 20;
  const auto from = std::make_unique<char[]>(size), to = std::make_unique<char[]>(size);
  return 2.0 * size / best_of(5, [&] {
           std::memcpy(to.get(), from.get(), size);
           asm volatile("" : : "r"(to.get()) : "memory");
         });
}

}  // namespace

Machine measure_machine() {
  Machine machine{.bandwidth = copy_bandwidth()};
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx512f")) {
    machine.float_peak = peak(avx512_float, 16);
    machine.double_peak = peak(avx512_double, 8);
    return machine;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    machine.float_peak = peak(avx2_float, 8);
    machine.double_peak = peak(avx2_double, 4);
    return machine;
  }
#endif
  machine.float_peak = peak(portable_float, 4);
  machine.double_peak = peak(portable_double, 2);
  return machine;
}

}  // namespace ebm::benchmarks
