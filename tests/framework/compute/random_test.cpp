#include "dualebm/framework/compute/random.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <map>
#include <set>
#include <thread>
#include <tuple>
#include <vector>

#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

torch::Tensor first_draws(std::uint64_t seed, std::string_view purpose) {
  return Random(seed, purpose).normal({1000}, torch::kDouble);
}

TEST(Random, SameSeedAndPurposeGiveTheSameNumbers) {
  EXPECT_TRUE(torch::equal(first_draws(7, "particles"), first_draws(7, "particles")));
}

// Correlations of 1000 independent pairs have standard error 0.032.
TEST(Random, OtherSeedsAndPurposesGiveUnrelatedNumbers) {
  const auto reference = first_draws(7, "particles");
  for (const auto& other : {first_draws(7, "data"), first_draws(7, "particle"), first_draws(8, "particles"),
                            first_draws(0, "particles"), first_draws(6, "particles")}) {
    EXPECT_LT(std::abs((reference * other).mean().item<double>()), 4 * 0.032);
  }
}

// A draw that begins where the last one ended, or at the same counters.
TEST(Random, SuccessiveDrawsAreUnrelated) {
  Random random(7, "particles");
  const auto first = random.normal({1000}, torch::kDouble), second = random.normal({1000}, torch::kDouble);
  EXPECT_LT(std::abs((first * second).mean().item<double>()), 4 * 0.032);
  EXPECT_LT(std::abs((first.slice(0, 1) * second.slice(0, 0, 999)).mean().item<double>()), 4 * 0.032);
}

// Shards that begin at the wrong number, an end left unfilled, a shape that changes the numbers.
TEST(Random, NormalsAreTheSameBitsForEveryNumberOfThreadsAndShape) {
  const std::int64_t count = 200'003;
  const auto draw = Random(4, "threads").normals();
  std::vector<float> floats(count);
  std::vector<double> doubles(count);
  draw.fill(0, count, floats.data());
  draw.fill(0, count, doubles.data());
  for (const auto& whole : {torch::tensor(floats, torch::kFloat), torch::tensor(doubles, torch::kDouble)}) {
    with_each_number_of_threads([&](int) {
      const auto type = whole.scalar_type();
      EXPECT_TRUE(torch::equal(Random(4, "threads").normal({count}, type), whole));
      EXPECT_TRUE(
          torch::equal(Random(4, "threads").normal({7, 11, 13}, type).flatten(), whole.slice(0, 0, 1001)));
    });
  }
}

TEST(Random, NormalsOfOtherTypes) {
  const auto half = Random(4, "types").normal({100}, torch::kHalf);
  EXPECT_TRUE(torch::equal(half, Random(4, "types").normal({100}, torch::kFloat).to(torch::kHalf)));
  expect_contains(user_error([] { Random(4, "types").normal({100}, torch::kLong); }), "not Long");
}

// Sizes of parts of a group of normals and of several; LibTorch's generator leaves bits behind.
TEST(Random, StateRestoresBitForBit) {
  for (const std::int64_t size : {0, 1, 3, 15, 17, 1001}) {
    for (const auto type : {torch::kFloat, torch::kDouble}) {
      Random original(5, "state"), restored(6, "elsewhere");
      original.normal({size}, type);
      restored.normal({1}, torch::kDouble);
      restored.set_state(original.state());
      for (const std::int64_t next : {1, 3, 40}) {
        EXPECT_TRUE(torch::equal(original.normal({next}, type), restored.normal({next}, type))) << size;
        EXPECT_TRUE(torch::equal(original.uniform({next}, type), restored.uniform({next}, type))) << size;
        EXPECT_TRUE(torch::equal(original.permutation(next), restored.permutation(next))) << size;
      }
    }
  }
}

TEST(Random, AStateOfAnotherSizeIsRefusedAndChangesNothing) {
  Random random(5, "state"), same(5, "state");
  const auto state = random.state();
  for (const auto& wrong : {state.narrow(0, 0, state.numel() - 16), state.narrow(0, 0, 0),
                            at::cat({state, state}), state.to(torch::kLong)}) {
    expect_contains(user_error([&] { random.set_state(wrong); }), "a state of random numbers on cpu is ");
  }
  EXPECT_TRUE(torch::equal(random.normal({5}, torch::kFloat), same.normal({5}, torch::kFloat)));
  EXPECT_TRUE(torch::equal(random.uniform({5}, torch::kFloat), same.uniform({5}, torch::kFloat)));
}

// A state that aliases the generator would follow it.
TEST(Random, AStateTakenIsAStateKept) {
  Random random(5, "state");
  const auto state = random.state();
  const auto first = random.normal({5}, torch::kDouble);
  random.set_state(state);
  EXPECT_TRUE(torch::equal(first, random.normal({5}, torch::kDouble)));
}

// A constructor that reseeds the global generator, or a draw that falls through to it, shifts what comes
// next.
TEST(Random, LeavesTheGlobalGeneratorAlone) {
  at::manual_seed(11);
  const auto expected = torch::rand({20}, torch::kDouble);
  at::manual_seed(11);
  Random random(3, "data");
  random.normal({3}, torch::kDouble);
  random.uniform({3}, torch::kDouble);
  random.integers(5, 3);
  random.permutation(4);
  random.subset(100, 4);
  random.set_state(random.state());
  EXPECT_TRUE(torch::equal(torch::rand({20}, torch::kDouble), expected));
}

TEST(Random, ABranchIsAnotherStreamAndDrawsNothing) {
  Random random(3, "data"), untouched(3, "data");
  const auto draw = [](const std::shared_ptr<Random>& stream) {
    return stream->uniform({50}, torch::kDouble);
  };
  const auto one = draw(random.branch("one")), two = draw(random.branch("two"));
  EXPECT_FALSE(torch::equal(one, two));
  EXPECT_FALSE(torch::equal(one, Random(3, "one").uniform({50}, torch::kDouble)))
      << "also of the stream's own name";
  EXPECT_TRUE(torch::equal(one, draw(untouched.branch("one"))));
  EXPECT_TRUE(torch::equal(random.state(), untouched.state()));
}

TEST(Random, IntegersTakeEveryValueBelowTheBoundAndNoOther) {
  const auto draws = Random(1, "integers").integers(6, 6000);
  EXPECT_EQ(draws.scalar_type(), torch::kLong);
  const auto counts = torch::bincount(draws, {}, 6);
  EXPECT_EQ(counts.size(0), 6);
  // Binomial(6000, 1/6) has standard deviation 28.9.
  EXPECT_LT((counts - 1000).abs().max().item<double>(), 4 * 28.9);
}

TEST(Random, UniformsLieInTheUnitInterval) {
  const auto draws = Random(1, "uniform").uniform({100000}, torch::kFloat);
  EXPECT_GE(draws.min().item<double>(), 0);
  EXPECT_LT(draws.max().item<double>(), 1);
  EXPECT_NEAR(draws.to(torch::kDouble).mean().item<double>(), 0.5, 4 * std::sqrt(1.0 / 12 / 100000));
}

TEST(Random, PermutationHoldsEveryIndexOnce) {
  Random random(1, "permutation");
  const auto order = random.permutation(100);
  EXPECT_TRUE(torch::equal(std::get<0>(order.sort()), torch::arange(100)));
  EXPECT_FALSE(torch::equal(order, torch::arange(100)));
  EXPECT_FALSE(torch::equal(order, random.permutation(100)));
}

// Ordered pairs out of 10 by rejection and triples out of 4 by a permutation: a repetition, or an order that
// rejection or a set has sorted, shows in the counts of the 90 (24) ordered choices. Binomial(9000, 1/90):
// 100 ± 9.9; the largest of 90 deviations stays below 4.5 of them.
TEST(Random, SubsetsAreDistinctAndEveryOrderIsEquallyLikely) {
  for (const auto& [bound, count, choices] : {std::tuple{10, 2, 90}, std::tuple{4, 3, 24}}) {
    Random random(1, "subset");
    std::map<std::vector<std::int64_t>, int> seen;
    for (int i = 0; i < 100 * choices; ++i) {
      const auto draw = random.subset(bound, count);
      const auto* values = draw.data_ptr<std::int64_t>();
      const std::vector<std::int64_t> choice(values, values + count);
      ASSERT_EQ(std::set(choice.begin(), choice.end()).size(), choice.size());
      ASSERT_LT(draw.max().item<std::int64_t>(), bound);
      ++seen[choice];
    }
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(choices));
    for (const auto& [choice, times] : seen) EXPECT_NEAR(times, 100, 4.5 * 10);
  }
}

TEST(Random, SubsetsRepeatBySeedAndTakeTheirEnds) {
  EXPECT_TRUE(torch::equal(Random(3, "subset").subset(1000, 50), Random(3, "subset").subset(1000, 50)));
  EXPECT_FALSE(torch::equal(Random(3, "subset").subset(1000, 50), Random(4, "subset").subset(1000, 50)));
  Random random(1, "subset");
  EXPECT_TRUE(torch::equal(std::get<0>(random.subset(7, 7).sort()), torch::arange(7)));
  EXPECT_EQ(random.subset(7, 0).numel(), 0);
  expect_contains(user_error([&] { random.subset(7, 8); }), "no 8 distinct numbers below 7");
}

// What a CUDA device does in one go is what the host's loop does: the same numbers, in the same order.
TEST(Random, FirstDistinctKeepsTheFirstAppearances) {
  const auto draws = torch::tensor({7, 3, 7, 0, 3, 0, 9, 7, 1}, torch::kLong);
  for (const std::int64_t count : {0, 1, 3, 5}) {
    EXPECT_TRUE(torch::equal(first_distinct(draws, count),
                             torch::tensor({7, 3, 0, 9, 1}, torch::kLong).narrow(0, 0, count)));
  }
  Random random(5, "subset");
  const auto many = random.integers(4000, 2064);
  std::vector<std::int64_t> expected;
  std::set<std::int64_t> seen;
  for (std::int64_t i = 0; i < many.size(0) && expected.size() < 1000; ++i) {
    const auto value = many[i].item<std::int64_t>();
    if (seen.insert(value).second) expected.push_back(value);
  }
  ASSERT_EQ(expected.size(), 1000U);
  EXPECT_TRUE(torch::equal(first_distinct(many, 1000), torch::tensor(expected, torch::kLong)));
}

// A permutation of 10^12 needs 8 TB; a subset of it nothing.
TEST(Random, SubsetsOfTheVeryManyCostNothing) {
  const auto draw = Random(1, "subset").subset(1'000'000'000'000, 1000);
  EXPECT_GT(draw.max().item<std::int64_t>(), 900'000'000'000);
  EXPECT_LT(draw.min().item<std::int64_t>(), 100'000'000'000);
}

// LibTorch's layers draw from one generator of the process.
TEST(DefaultGenerator, LayersAreTheSameWhoeverMakesOthersMeanwhile) {
  constexpr int count = 8, times = 50;
  std::vector<torch::Tensor> drawn(count * times);
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < times; ++k) {
        Random random(static_cast<std::uint64_t>(k), "layers");
        const DefaultGenerator initial(random);
        const auto first = torch::rand({40});
        drawn[static_cast<std::size_t>(i * times + k)] = torch::cat({first, torch::rand({40})});
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (std::size_t i = 0; i < drawn.size(); ++i) EXPECT_TRUE(torch::equal(drawn[i], drawn[i % times])) << i;
}

}  // namespace
}  // namespace ebm::testing
