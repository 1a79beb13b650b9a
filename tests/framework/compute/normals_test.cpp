#include "dualebm/framework/compute/normals.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>
#include <set>
#include <vector>

#include "dualebm/framework/compute/box_muller.hpp"
#include "dualebm/framework/compute/normal_kernels.hpp"
#include "dualebm/framework/compute/philox.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

template <class Real>
class NormalsOf : public ::testing::Test {};
using Reals = ::testing::Types<float, double>;
TYPED_TEST_SUITE(NormalsOf, Reals);

template <class Real>
std::vector<Real> filled(const Normals& normals, std::int64_t begin, std::int64_t count) {
  std::vector<Real> numbers(static_cast<std::size_t>(count), Real(99));
  normals.fill(begin, count, numbers.data());
  return numbers;
}

/// How far `found` is from `exact`, in units of the last place of `exact`.
template <class Real>
double units(Real found, long double exact) {
  const auto size = static_cast<Real>(std::abs(exact));
  const auto unit = std::nextafter(size, std::numeric_limits<Real>::infinity()) - size;
  return static_cast<double>(std::abs(static_cast<long double>(found) - exact) / unit);
}

/// What box_muller.hpp says that it computes, in long double.
template <class Real>
struct Exact {
  using Bits = vectors::Unsigned<Real>;
  static constexpr int bits = 8 * sizeof(Real);

  static long double radius(Bits word) {
    const auto u = std::ldexp(static_cast<long double>(word) + 0.5L, -bits);
    const auto complement = std::ldexp(static_cast<long double>(static_cast<Bits>(~word)) + 0.5L, -bits);
    return std::sqrt(-2 * (u < 0.5L ? std::log(u) : std::log1p(-complement)));
  }

  static std::array<long double, 2> direction(Bits word) {
    const auto rest = static_cast<vectors::Signed<Real>>(static_cast<Bits>((word << 2) | 2));
    const auto angle =
        std::ldexp(static_cast<long double>(rest), 1 - bits) * (std::numbers::pi_v<long double> / 4);
    const auto sign = word >> (bits - 1) ? -1 : 1;
    if ((word >> (bits - 2)) & 1) return {std::sin(angle), sign * std::cos(angle)};
    return {sign * std::cos(angle), std::sin(angle)};
  }
};

// The vectors of the authors' Random123, tests/kat_vectors. Nine rounds, or keys that do not move, give
// others.
TEST(Philox, GivesThePublishedAnswers) {
  using Block = std::array<std::uint32_t, 4>;
  EXPECT_EQ(philox({0, 0, 0, 0}, 0), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr auto ones = 0xffffffffU;
  EXPECT_EQ(philox({ones, ones, ones, ones}, ~0ULL), (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0x299f31d0a4093822ULL),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

// Both ends of the uniform, both ends and the middle of every quarter, and random words of every magnitude. A
// uniform of fewer bits, a polynomial with a digit wrong, a lost tail, a radius of zero.
TYPED_TEST(NormalsOf, RadiusAndDirectionAreExactToAFewUnits) {
  using Bits = vectors::Unsigned<TypeParam>;
  constexpr int bits = Exact<TypeParam>::bits;
  std::vector<Bits> words;
  for (Bits quarter = 0; quarter < 8; ++quarter) {
    for (Bits step = 0; step < 1000; ++step) {
      words.push_back((quarter << (bits - 3)) + step);
      words.push_back((quarter << (bits - 3)) - step);
    }
  }
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    const auto random = philox({i, 0, 0, 0}, 1);
    const auto word = static_cast<Bits>(random[0] | static_cast<std::uint64_t>(random[1]) << 32);
    words.push_back((word >> random[2] % bits) ^ (random[3] % 2 ? ~Bits{} : Bits{}));
  }
  double worst_radius = 0, worst_first = 0, worst_second = 0;
  for (const auto word : words) {
    vectors::Vector<Bits, 16> all{};
    all += word;
    vectors::Vector<TypeParam, 16> first, second;
    vectors::direction<TypeParam, 16>(all, first, second);
    const auto exact = Exact<TypeParam>::direction(word);
    worst_radius =
        std::max(worst_radius, units(vectors::radius<TypeParam, 16>(all)[0], Exact<TypeParam>::radius(word)));
    worst_first = std::max(worst_first, units(first[0], exact[0]));
    worst_second = std::max(worst_second, units(second[0], exact[1]));
  }
  EXPECT_LT(worst_radius, 2);
  EXPECT_LT(worst_first, 3);
  EXPECT_LT(worst_second, 3);
}

// The layout that normal_kernels.hpp states, from one counter at a time: another way of writing the same bits
// on another device has to agree. Draws and groups beyond 2^32 lose their high words where they are cut.
TYPED_TEST(NormalsOf, AreBoxMullerOfPhilox) {
  using Bits = vectors::Unsigned<TypeParam>;
  constexpr bool single = sizeof(TypeParam) == 4;
  const std::uint64_t key = 0x0123456789abcdefULL;
  for (const std::uint64_t draw :
       {std::uint64_t{0}, std::uint64_t{7}, std::uint64_t{0xfedcba9876543210ULL}}) {
    for (const std::int64_t group : {0L, 1L, 0x0fffffffL, 0x10000000L, 0x123456789abL}) {
      std::array<TypeParam, group_size<TypeParam>> expected{};
      for (std::uint32_t lane = 0; lane < 16; ++lane) {
        const auto counter = 16 * static_cast<std::uint64_t>(group) + lane;
        const auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
        const auto words = philox({low(counter), low(counter >> 32), low(draw), low(draw >> 32)}, key);
        for (std::uint32_t pair = 0; pair < (single ? 2 : 1); ++pair) {
          const auto word = [&](std::uint32_t i) {
            if constexpr (single) return words[2 * pair + i];
            return static_cast<Bits>(static_cast<std::uint64_t>(words[2 * i]) << 32 | words[2 * i + 1]);
          };
          const auto direction = Exact<TypeParam>::direction(word(1));
          for (std::uint32_t i : {0U, 1U}) {
            expected[32 * pair + 16 * i + lane] =
                static_cast<TypeParam>(Exact<TypeParam>::radius(word(0)) * direction[i]);
          }
        }
      }
      with_each_instruction_set([&](InstructionSet set) {
        const auto found =
            filled<TypeParam>(Normals(key, draw), group * group_size<TypeParam>, group_size<TypeParam>);
        double worst = 0;
        for (std::size_t i = 0; i < found.size(); ++i) worst = std::max(worst, units(found[i], expected[i]));
        EXPECT_LT(worst, 5) << to_string(set) << ", draw " << draw << ", group " << group;
      });
    }
  }
}

// A fused multiplication and addition in one of them, or another order of operations. The number of groups is
// more than one part of the kernel and no multiple of it.
TYPED_TEST(NormalsOf, AreTheSameBitsForEveryInstructionSet) {
  std::vector<std::vector<TypeParam>> results;
  with_each_instruction_set(
      [&](InstructionSet) { results.push_back(filled<TypeParam>(Normals(3, 5), 0, 1'000'003)); });
  for (const auto& result : results) {
    EXPECT_EQ(std::memcmp(result.data(), results[0].data(), result.size() * sizeof(TypeParam)), 0);
  }
}

TYPED_TEST(NormalsOf, AnyPartIsAPartOfTheWhole) {
  const Normals normals(11, 2);
  const auto whole = filled<TypeParam>(normals, 0, 4000);
  for (const std::int64_t begin : {0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 1000}) {
    for (const std::int64_t count : {0, 1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 2500}) {
      std::vector<TypeParam> part(static_cast<std::size_t>(count) + 2, TypeParam(99));
      normals.fill(begin, count, part.data() + 1);
      EXPECT_EQ(std::memcmp(part.data() + 1, whole.data() + begin,
                            static_cast<std::size_t>(count) * sizeof(TypeParam)),
                0)
          << begin << ", " << count;
      EXPECT_EQ(part.front(), TypeParam(99));
      EXPECT_EQ(part.back(), TypeParam(99)) << begin << ", " << count;
    }
  }
}

// A counter, draw or key of fewer bits repeats. No two of these groups share a number but by an accident of
// 2^-24 a pair of numbers, so their first four are compared.
TYPED_TEST(NormalsOf, EveryBitOfGroupDrawAndKeyCounts) {
  std::set<std::vector<TypeParam>> seen;
  const auto note = [&](std::uint64_t key, std::uint64_t draw, std::int64_t group) {
    EXPECT_TRUE(seen.insert(filled<TypeParam>(Normals(key, draw), group * group_size<TypeParam>, 4)).second)
        << key << ", " << draw << ", " << group;
  };
  note(0, 0, 0);
  for (int bit = 0; bit < 64; ++bit) {
    note(1ULL << bit, 0, 0);
    note(0, 1ULL << bit, 0);
    if (bit < 57) note(0, 0, 1L << bit);
  }
}

TYPED_TEST(NormalsOf, ReplayWhatWasRecorded) {
  for (const auto type : {torch::kFloat, torch::kDouble}) {
    const auto recorded = torch::arange(12, type).reshape({3, 4});
    const Normals normals(recorded);
    EXPECT_EQ(filled<TypeParam>(normals, 3, 4), (std::vector<TypeParam>{3, 4, 5, 6}));
    EXPECT_EQ(filled<TypeParam>(normals, 12, 0).size(), 0U);
    expect_contains(user_error([&] { filled<TypeParam>(normals, 10, 3); }),
                    "10 ... 12 were asked for, 12 are there");
    expect_contains(user_error([&] { Normals wrong(recorded.t()); }), "contiguous tensor of float or double");
  }
  expect_contains(user_error([&] { Normals wrong(torch::arange(3)); }),
                  "contiguous tensor of float or double");
}

}  // namespace
}  // namespace ebm::testing
