#pragma once

#include <cmath>
#include <cstdint>

#include "dualebm/framework/compute/cuda/host_device.hpp"
#include "dualebm/framework/compute/normal_kernels.hpp"

/// Standard normals as a function of key, draw and counter, in the arithmetic of one thread.
///
/// Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011, §3.3) and the transform of Box and Muller (1958). Numbers
/// are laid out in groups of 16 counters c = 16 · group + lane: the four words of a counter make two pairs of
/// floats at 64 · group + 16 · word + lane, or one pair of doubles at 32 · group + lane and 32 · group + 16 +
/// lane. A block of threads that takes whole groups wastes no word.
namespace ebm::cuda {

struct PhiloxWords {
  std::uint32_t word[4];
};

EBM_HOST_DEVICE PhiloxWords philox_round(const PhiloxWords& c, std::uint32_t key_low,
                                         std::uint32_t key_high) {
  const std::uint64_t first = std::uint64_t{0xd2511f53U} * c.word[0];
  const std::uint64_t third = std::uint64_t{0xcd9e8d57U} * c.word[2];
  return {{static_cast<std::uint32_t>(third >> 32) ^ c.word[1] ^ key_low, static_cast<std::uint32_t>(third),
           static_cast<std::uint32_t>(first >> 32) ^ c.word[3] ^ key_high,
           static_cast<std::uint32_t>(first)}};
}

/// Ten rounds. @param counter  least significant word first
EBM_HOST_DEVICE PhiloxWords philox(PhiloxWords counter, std::uint64_t key) {
  auto low = static_cast<std::uint32_t>(key), high = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    counter = philox_round(counter, low, high);
    low += 0x9e3779b9U;
    high += 0xbb67ae85U;
  }
  return counter;
}

/// The words of a counter of a draw.
EBM_HOST_DEVICE PhiloxWords philox_words(std::uint64_t key, std::uint64_t draw, std::uint64_t counter) {
  return philox({{static_cast<std::uint32_t>(counter), static_cast<std::uint32_t>(counter >> 32),
                  static_cast<std::uint32_t>(draw), static_cast<std::uint32_t>(draw >> 32)}},
                key);
}

template <class Real>
struct Pair {
  Real first, second;
};

/// sine and cosine of π t, |t| <= 1/4.
template <class Real>
EBM_HOST_DEVICE Pair<Real> sine_and_cosine_of_pi(Real t) {
#if defined(__CUDA_ARCH__)
  Pair<Real> result;
  sincospi(t, &result.first, &result.second);
  return result;
#else
  constexpr auto pi = static_cast<Real>(3.14159265358979323846);
  return {std::sin(pi * t), std::cos(pi * t)};
#endif
}

/// Two independent standard normals: sqrt(-2 log u) times a uniform direction.
///
/// u = (radius + 1/2) / 2^b of a word of b bits, by its distance from the nearer of 0 and 1, so that both
/// tails keep their precision. The angle is uniform in (-π/4, π/4) by all bits of `direction` but the upper
/// two, of which one turns the first coordinate about and the other swaps the coordinates.
template <class Real, class Word, class Signed>
EBM_HOST_DEVICE Pair<Real> box_muller_of(Word radius, Word direction, Real spacing) {
  constexpr int bits = 8 * sizeof(Word);
  const bool upper = radius >> (bits - 1) != 0;
  const Real edge = (static_cast<Real>(upper ? ~radius : radius) + Real(0.5)) * spacing;
  const Real length = std::sqrt(-2 * (upper ? std::log1p(-edge) : std::log(edge)));
  const Word step = static_cast<Word>(direction << 2) | Word{2};
  const auto circle =
      sine_and_cosine_of_pi(static_cast<Real>(static_cast<Signed>(step)) * (spacing * Real(0.5)));
  const Real turned = direction >> (bits - 1) != 0 ? -circle.second : circle.second;
  const bool swap = (direction >> (bits - 2) & 1) != 0;
  return {length * (swap ? circle.first : turned), length * (swap ? turned : circle.first)};
}

EBM_HOST_DEVICE Pair<float> box_muller(std::uint32_t radius, std::uint32_t direction) {
  return box_muller_of<float, std::uint32_t, std::int32_t>(radius, direction, 0x1p-32F);
}

EBM_HOST_DEVICE Pair<double> box_muller(std::uint64_t radius, std::uint64_t direction) {
  return box_muller_of<double, std::uint64_t, std::int64_t>(radius, direction, 0x1p-64);
}

/// Calls take(index, number) for the numbers that a counter makes.
template <class Take>
EBM_HOST_DEVICE void normals_of_counter(std::uint64_t key, std::uint64_t draw, std::uint64_t counter, float,
                                        Take take) {
  const auto words = philox_words(key, draw, counter);
  const auto place = static_cast<std::int64_t>(counter / 16 * 64 + counter % 16);
  const auto low = box_muller(words.word[0], words.word[1]);
  const auto high = box_muller(words.word[2], words.word[3]);
  take(place, low.first);
  take(place + 16, low.second);
  take(place + 32, high.first);
  take(place + 48, high.second);
}

template <class Take>
EBM_HOST_DEVICE void normals_of_counter(std::uint64_t key, std::uint64_t draw, std::uint64_t counter, double,
                                        Take take) {
  const auto words = philox_words(key, draw, counter);
  const auto place = static_cast<std::int64_t>(counter / 16 * 32 + counter % 16);
  const auto pair = box_muller(std::uint64_t{words.word[0]} << 32 | words.word[1],
                               std::uint64_t{words.word[2]} << 32 | words.word[3]);
  take(place, pair.first);
  take(place + 16, pair.second);
}

/// Numbers begin ... end - 1 of a draw into out[0] ..., by `workers` of which this one is `worker`: what a
/// block of threads does together, or a loop over the workers on the CPU.
template <class Real>
EBM_HOST_DEVICE void fill_normals(std::uint64_t key, std::uint64_t draw, std::int64_t begin, std::int64_t end,
                                  Real* out, std::int64_t worker, std::int64_t workers) {
  const auto first = begin / group_size<Real> * 16;
  const auto last = (end + group_size<Real> - 1) / group_size<Real> * 16;
  for (std::int64_t counter = first + worker; counter < last; counter += workers) {
    normals_of_counter(key, draw, static_cast<std::uint64_t>(counter), Real{},
                       [&](std::int64_t index, Real number) {
                         if (index >= begin && index < end) out[index - begin] = number;
                       });
  }
}

}  // namespace ebm::cuda
