#pragma once

#include <array>
#include <cstdint>

#include "dualebm/framework/compute/vector.hpp"

namespace ebm {

/// The 128 bits of a counter, least significant word first. Each member holds a word in its low half,
/// whatever is in the high half: a std::uint64_t, or a vector of them where lanes differ.
template <class A, class B, class C, class D>
struct PhiloxCounter {
  A first;
  B second;
  C third;
  D fourth;
};
template <class A, class B, class C, class D>
PhiloxCounter(A, B, C, D) -> PhiloxCounter<A, B, C, D>;

template <class A, class B, class C, class D>
EBM_INLINE auto philox_round(const PhiloxCounter<A, B, C, D>& counter, std::uint32_t key_low,
                             std::uint32_t key_high) {
  const auto low = vectors::multiply_low(counter.first, 0xd2511f53U);
  const auto high = vectors::multiply_low(counter.third, 0xcd9e8d57U);
  return PhiloxCounter{(high >> 32) ^ (counter.second ^ key_low), high,
                       (low >> 32) ^ (counter.fourth ^ key_high), low};
}

/// Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11, section
/// 3.3): for every key of 64 bits a bijection of 128 bits, whose values at 0, 1, 2, ... pass as random.
///
/// @param first  the least significant word of the counter, the only one in which lanes may differ: what they
///               have in common costs nothing in the first rounds
template <class Word>
EBM_INLINE void philox(Word first, std::uint64_t second, std::uint64_t third, std::uint64_t fourth,
                       std::uint64_t key, Word image[4]) {
  constexpr std::uint32_t step_low = 0x9e3779b9U, step_high = 0xbb67ae85U;
  auto low = static_cast<std::uint32_t>(key), high = static_cast<std::uint32_t>(key >> 32);
  const auto one = philox_round(PhiloxCounter{first, second, third, fourth}, low, high);
  const auto two = philox_round(one, low += step_low, high += step_high);
  auto counter = philox_round(two, low += step_low, high += step_high);
  for (int round = 3; round < 10; ++round) {
    counter = philox_round(counter, low += step_low, high += step_high);
  }
  image[0] = counter.first;
  image[1] = counter.second;
  image[2] = counter.third;
  image[3] = counter.fourth;
}

/// The same of one counter.
inline std::array<std::uint32_t, 4> philox(const std::array<std::uint32_t, 4>& counter, std::uint64_t key) {
  std::uint64_t words[4];
  philox<std::uint64_t>(counter[0], counter[1], counter[2], counter[3], key, words);
  const auto low = [&](int word) { return static_cast<std::uint32_t>(words[word]); };
  return {low(0), low(1), low(2), low(3)};
}

}  // namespace ebm
