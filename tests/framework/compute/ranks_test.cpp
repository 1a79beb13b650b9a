#include <ATen/ATen.h>

#include <numeric>

#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/compute/rank_rows.hpp"
#include "tests/support/support.hpp"
#include "tests/support/thread_ranks.hpp"

namespace ebm::testing {
namespace {

constexpr int numbers_of_ranks[] = {1, 2, 3, 4, 8, 32};
constexpr std::int64_t least_spread = 32 * 512;

TEST(Communicator, BroadcastsGathersAndTellsRanksApart) {
  for (const int size : numbers_of_ranks) {
    as_ranks(size, [&](const auto& ranks) {
      ASSERT_EQ(ranks->size(), size);
      EXPECT_EQ(broadcast_text(*ranks, "from " + std::to_string(ranks->rank())), "from 0");
      // Rank r says r + 1 times its number: other counts, and places that depend on all before.
      std::vector<std::int64_t> counts;
      std::string expected;
      for (int rank = 0; rank < size; ++rank) {
        counts.push_back(rank + 1);
        expected += std::string(static_cast<std::size_t>(rank + 1), static_cast<char>('0' + rank));
      }
      const std::string own(static_cast<std::size_t>(ranks->rank() + 1),
                            static_cast<char>('0' + ranks->rank()));
      std::string all(expected.size(), ' '), at_first = all;
      ranks->gather(own.data(), all.data(), counts);
      EXPECT_EQ(all, expected);
      ranks->gather_at_first(own.data(), at_first.data(), counts);
      EXPECT_EQ(at_first, ranks->is_first() ? expected : std::string(expected.size(), ' '));
      ranks->barrier();
    });
  }
}

TEST(Communicator, RefusesTheFirstRankThatDiffers) {
  const auto message = user_error([] {
    as_ranks(4, [](const auto& ranks) { require_same(*ranks, "data", ranks->rank() >= 2 ? "b" : "a"); });
  });
  EXPECT_EQ(message, "ranks: rank 2 differs from rank 0 in its data");
  as_ranks(4, [](const auto& ranks) { EXPECT_NO_THROW(require_same(*ranks, "data", "a")); });
}

TEST(RankRows, AreACoverByWholeBlocksOfTheTable) {
  for (const int size : numbers_of_ranks) {
    for (const std::int64_t all : {least_spread, least_spread + 1, std::int64_t{100003}}) {
      std::int64_t next = 0;
      MeetingPlace place(size);
      for (int rank = 0; rank < size; ++rank) {
        const auto rows = rank_rows(all, ThreadRank(place, rank));
        EXPECT_EQ(rows.all, all);
        EXPECT_EQ(rows.begin, next);
        next = rows.end;
        bool is_end_of_block = false;
        for (std::int64_t block = 1; block <= most_shards; ++block)
          is_end_of_block = is_end_of_block || next == all * block / most_shards;
        EXPECT_TRUE(is_end_of_block);
      }
      EXPECT_EQ(next, all);
    }
  }
}

TEST(RankRows, OfASmallTableAreAll) {
  MeetingPlace place(3);
  EXPECT_TRUE(rank_rows(least_spread - 1, ThreadRank(place, 1)).is_whole());
  EXPECT_FALSE(rank_rows(least_spread, ThreadRank(place, 1)).is_whole());
}

TEST(RankRows, OfMoreRanksThanBlocksAreRefused) {
  MeetingPlace place(33);
  expect_contains(user_error([&] { rank_rows(10, ThreadRank(place, 0)); }), "ranks: 33 were started");
}

// Sums of floats of very different sizes: any other order, or other blocks, gives other bits.
TEST(OnRankRows, ASumIsTheSameBitsForAnyNumberOfRanks) {
  constexpr std::int64_t all = 20001;
  const auto table = torch::randn({all}, torch::kFloat) * torch::randn({all}, torch::kFloat).mul(8).exp();
  const auto sum_of = [](const torch::Tensor& rows) {
    const auto shards = shard_count(rows.size(0));
    const auto parts = torch::zeros({shards}, torch::kFloat);
    for_each_shard(rows.size(0), [&](std::int64_t shard, std::int64_t begin, std::int64_t end) {
      float sum = 0;
      for (auto i = begin; i < end; ++i) sum += rows.data_ptr<float>()[i];
      parts.data_ptr<float>()[shard] = sum;
    });
    complete_shards(rows.size(0), {parts});
    return parts.sum(0);
  };
  const auto expected = sum_of(table);
  for (const int size : numbers_of_ranks) {
    as_ranks(size, [&](const auto& ranks) {
      const auto rows = rank_rows(all, *ranks);
      const OnRankRows pass(rows, *ranks);
      EXPECT_EQ(pass.is_completed(), size == 1);
      EXPECT_TRUE(torch::equal(sum_of(rows.of(table).clone()), expected)) << size << " ranks";
      EXPECT_TRUE(pass.is_completed());
    });
  }
}

TEST(OnRankRows, BelongsToPassesOverItsRowsAlone) {
  as_ranks(2, [](const auto& ranks) {
    const auto rows = rank_rows(least_spread, *ranks);
    EXPECT_EQ(OnRankRows::rows_of(rows.count()).all, rows.count());
    const OnRankRows pass(rows, *ranks);
    EXPECT_EQ(OnRankRows::rows_of(rows.count()).all, least_spread);
    EXPECT_EQ(shard_count(rows.count()), most_shards);
    EXPECT_EQ(shard_count(1000), 2);
    {
      const OnRankRows lifted;
      EXPECT_EQ(OnRankRows::rows_of(rows.count()).all, rows.count());
    }
    // A pass inside a pass is of its own rows, even where there are as many.
    for_each_shard(rows.count(), [&](std::int64_t, std::int64_t, std::int64_t) {
      EXPECT_EQ(OnRankRows::over(rows.count()), nullptr);
    });
    EXPECT_NE(OnRankRows::over(rows.count()), nullptr);
  });
}

TEST(RankRows, GatherAndPickWhatOneProcessWould) {
  for (const int size : numbers_of_ranks) {
    for (const std::int64_t all : {std::int64_t{700}, std::int64_t{20001}}) {
      const auto table = torch::arange(3 * all, torch::kDouble).reshape({all, 3});
      const auto picked = table.index_select(0, (torch::arange(500) * all).div(500, "floor"));
      as_ranks(size, [&](const auto& ranks) {
        const auto rows = rank_rows(all, *ranks);
        const auto own = rows.of(table).clone();
        EXPECT_TRUE(torch::equal(evenly_spaced(own, rows, 500, *ranks), picked));
        const auto whole = gather_rows(own, rows, *ranks);
        if (ranks->is_first()) {
          EXPECT_TRUE(torch::equal(whole, table));
        }
      });
    }
  }
}

}  // namespace
}  // namespace ebm::testing
