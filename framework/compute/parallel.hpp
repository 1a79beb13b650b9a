#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

namespace ebm {

/// Sets the number of threads that `for_each_shard` uses, and keeps LibTorch and its BLAS at one thread each:
/// shards of rows on threads beat threads inside operators, and two pools on the same cores fight.
/// @param threads  at least 1
void set_threads(int threads);

int threads();

/// How `rows` rows are cut into shards: a function of the number of rows alone, so that sums over shards
/// taken in order are the same bits for every number of threads.
/// @param smallest  rows of a shard at least, where there are so many: what is worth waking a thread for
std::int64_t shard_count(std::int64_t rows, std::int64_t smallest = 512);

/// The smallest shard of rows of x for a pass by operators: a pass through a network has some tens of them,
/// each of which costs microseconds however few the rows. 256 rows at least, so that a thousand rows serve
/// four threads, and 512, whose activations stay in cache, where there are more. A device other than the CPU
/// has threads of its own and takes all rows at once. @param x [N, ...]
std::int64_t smallest_shard_for(const at::Tensor& x);

/// Calls body(shard, begin, end) for the shards of [0, rows), on all threads; the rows of different shards
/// are disjoint. Returns when all are done; rethrows the first exception. A nested call runs on the calling
/// thread.
void for_each_shard(std::int64_t rows,
                    const std::function<void(std::int64_t shard, std::int64_t begin, std::int64_t end)>& body,
                    std::int64_t smallest = 512);

}  // namespace ebm
