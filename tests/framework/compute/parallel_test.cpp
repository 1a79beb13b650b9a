#include "dualebm/framework/compute/parallel.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <thread>

#include "dualebm/models/shallow.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

constexpr std::int64_t awkward_sizes[] = {0, 1, 511, 512, 513, 1024, 100003};

TEST(ForEachShard, CoversEveryRowOnce) {
  with_each_number_of_threads([](int count) {
    for (const auto rows : awkward_sizes) {
      std::vector<int> visits(static_cast<std::size_t>(rows));
      for_each_shard(rows, [&](std::int64_t, std::int64_t begin, std::int64_t end) {
        for (auto row = begin; row < end; ++row) ++visits[static_cast<std::size_t>(row)];
      });
      EXPECT_EQ(std::count(visits.begin(), visits.end(), 1), rows)
          << rows << " rows, " << count << " threads";
    }
  });
}

TEST(ForEachShard, NumbersItsShards) {
  with_each_number_of_threads([](int) {
    for (const auto rows : awkward_sizes) {
      std::mutex mutex;
      std::set<std::int64_t> shards;
      for_each_shard(rows, [&](std::int64_t shard, std::int64_t, std::int64_t) {
        const std::lock_guard lock(mutex);
        EXPECT_TRUE(shards.insert(shard).second);
      });
      EXPECT_EQ(static_cast<std::int64_t>(shards.size()), shard_count(rows));
      EXPECT_EQ(*shards.begin(), 0);
      EXPECT_EQ(*shards.rbegin(), shard_count(rows) - 1);
    }
  });
}

TEST(ForEachShard, UsesTheThreads) {
  with_each_number_of_threads([](int count) {
    std::atomic<int> inside = 0;
    for_each_shard(100003, [&](std::int64_t shard, std::int64_t, std::int64_t) {
      if (shard >= count) return;
      // The first `count` shards wait for one another, which they can only if each has a thread.
      ++inside;
      const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
      while (inside < count && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
      EXPECT_EQ(inside, count);
    });
  });
}

TEST(ForEachShard, CutsByTheNumberOfRowsAlone) {
  std::vector<std::vector<std::int64_t>> counts;
  with_each_number_of_threads([&](int) {
    auto& row = counts.emplace_back();
    for (const auto rows : awkward_sizes) row.push_back(shard_count(rows));
  });
  EXPECT_EQ(counts[0], counts[1]);
  EXPECT_EQ(counts[0], counts[2]);
}

TEST(ForEachShard, PassesAnExceptionOnAndGoesOnWorking) {
  with_each_number_of_threads([](int) {
    const auto failing = [] {
      for_each_shard(100003, [](std::int64_t shard, std::int64_t, std::int64_t) {
        require(shard != 5, "shard {}", shard);
      });
    };
    EXPECT_EQ(user_error(failing), "shard 5");
    std::atomic<std::int64_t> rows = 0;
    for_each_shard(100003, [&](std::int64_t, std::int64_t begin, std::int64_t end) { rows += end - begin; });
    EXPECT_EQ(rows, 100003);
  });
}

TEST(ForEachShard, MayBeNested) {
  with_each_number_of_threads([](int) {
    std::atomic<std::int64_t> rows = 0;
    for_each_shard(3000, [&](std::int64_t, std::int64_t, std::int64_t) {
      for_each_shard(2000, [&](std::int64_t, std::int64_t begin, std::int64_t end) { rows += end - begin; });
    });
    EXPECT_EQ(rows, shard_count(3000) * 2000);
  });
}

// Sums over shards in the order of completion, or shards by the number of threads, differ in the last bits.
TEST(ForEachShard, ResultsAreTheSameBitsForEveryNumberOfThreads) {
  Random random(1, "parameters");
  Shallow energy(on_sphere(3, torch::kFloat, random), {.neurons = 64});
  for (const std::int64_t rows : {513, 5003}) {
    const auto x = random.normal({rows, 3}, torch::kFloat);
    const auto weight = random.normal({rows}, torch::kFloat);
    std::vector<std::vector<torch::Tensor>> results;
    with_each_number_of_threads([&](int) {
      for (int repeat = 0; repeat < 5; ++repeat) {
        energy.zero_grad();
        energy.accumulate_gradient(x, weight);
        results.push_back({energy.gradient(x), energy.neurons().positions.grad().clone(),
                           energy.neurons().weights.grad().clone()});
      }
    });
    for (const auto& result : results) {
      for (std::size_t i = 0; i < 3; ++i)
        EXPECT_TRUE(torch::equal(result[i], results[0][i])) << rows << ", " << i;
    }
  }
}

TEST(Threads, KeepsLibTorchAtOneThread) {
  with_each_number_of_threads([](int count) {
    EXPECT_EQ(threads(), count);
    EXPECT_EQ(at::get_num_threads(), 1);
  });
  expect_contains(user_error([] { set_threads(0); }), "at least 1");
}

}  // namespace
}  // namespace ebm::testing
