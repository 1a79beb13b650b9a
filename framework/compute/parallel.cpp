#include "dualebm/framework/compute/parallel.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/blas.hpp"
#include "dualebm/framework/compute/rank_rows.hpp"

namespace ebm {
namespace {

thread_local bool inside_task = false;

/// Waits until `value` is no longer `old`: some tens of microseconds awake, since the next job is mostly near
/// and waking a sleeper costs as much, then asleep.
void wait_while(const std::atomic<int>& value, int old) {
  for (int i = 0; i < 1000 && value == old; ++i) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
  value.wait(old);
}

/// Workers that wait between jobs; the calling thread works along. A job is closed when no task is left to
/// take, and waits for those workers alone who have begun: where others use the cores, one who is not woken
/// in time costs nothing but his part of the work.
class Pool {
 public:
  explicit Pool(int threads) {
    try {
      for (int i = 1; i < threads; ++i) workers_.emplace_back([this] { serve(); });
    } catch (const std::system_error& error) {
      close();
      fail("threads: {} were asked for, {} could be started: {}", threads, size(), error.what());
    }
  }

  ~Pool() { close(); }

  int size() const { return static_cast<int>(workers_.size()) + 1; }

  void run(std::int64_t tasks, const std::function<void(std::int64_t)>& task) {
    task_ = &task;
    tasks_ = tasks;
    next_ = 0;
    failure_ = nullptr;
    at_work_ = 0;
    begin_job();
    work();
    at_work_ |= closed;
    for (int now = at_work_; now != closed; now = at_work_) wait_while(at_work_, now);
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  static constexpr int closed = 1 << 30;

  void begin_job() {
    ++job_;
    job_.notify_all();
  }

  void close() {
    closing_ = true;
    begin_job();
    for (auto& worker : workers_) worker.join();
  }

  void serve() {
    at::init_num_threads();
    for (int seen = 0;;) {
      wait_while(job_, seen);
      seen = job_;
      if (closing_) return;
      if (!enter()) continue;
      work();
      --at_work_;
      at_work_.notify_one();
    }
  }

  /// Into the job, unless it is closed.
  bool enter() {
    int now = at_work_;
    while (now < closed) {
      if (at_work_.compare_exchange_weak(now, now + 1)) return true;
    }
    return false;
  }

  void work() {
    inside_task = true;
    for (std::int64_t i = next_++; i < tasks_; i = next_++) {
      try {
        (*task_)(i);
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (!failure_) failure_ = std::current_exception();
      }
    }
    inside_task = false;
  }

  std::vector<std::thread> workers_;
  std::mutex mutex_;  // of failure_
  const std::function<void(std::int64_t)>* task_ = nullptr;
  std::int64_t tasks_ = 0;
  std::atomic<std::int64_t> next_{0};
  std::atomic<int> job_{0};
  std::atomic<int> at_work_{closed};  ///< workers in the job, and whether it is closed
  std::atomic<bool> closing_ = false;
  std::exception_ptr failure_;
};

/// That the system starts as many threads. LibTorch makes a pool as large as the machine before it can be
/// told to have none, and waits for ever for those of its threads that could not be started.
void require_startable(int count) {
  std::atomic<bool> done = false;
  std::vector<std::thread> started;
  const auto end = [&] {
    done = true;
    done.notify_all();
    for (auto& one : started) one.join();
  };
  try {
    for (int i = 1; i < count; ++i) started.emplace_back([&] { done.wait(false); });
  } catch (const std::system_error& error) {
    end();
    fail("threads: {} are needed, {} could be started: {}", count, started.size() + 1, error.what());
  }
  end();
}

std::unique_ptr<Pool>& pool() {
  static auto instance = std::make_unique<Pool>(1);
  return instance;
}

void run_tasks(std::int64_t tasks, const std::function<void(std::int64_t)>& task) {
  if (tasks == 1 || inside_task || pool()->size() == 1) {
    for (std::int64_t i = 0; i < tasks; ++i) task(i);
  } else {
    pool()->run(tasks, task);
  }
}

}  // namespace

void set_threads(int threads) {
  require(threads >= 1, "threads must be at least 1, got {}", threads);
  static const bool startable = [&] {
    require_startable(std::max(threads, static_cast<int>(std::thread::hardware_concurrency()) + 1));
    return true;
  }();
  static_cast<void>(startable);
  at::set_num_threads(1);
  keep_blas_to_one_thread();
  if (pool()->size() == threads) return;
  pool() = std::make_unique<Pool>(threads);
}

int threads() { return pool()->size(); }

std::int64_t shard_count(std::int64_t rows, std::int64_t smallest) {
  if (OnRankRows::over(rows) != nullptr) return most_shards;
  return std::clamp<std::int64_t>((rows + smallest - 1) / smallest, 1, most_shards);
}

std::int64_t smallest_shard_for(const at::Tensor& x) {
  const auto rows = x.size(0);
  return x.device().is_cpu() ? std::clamp<std::int64_t>(rows / 4, 256, 512) : std::max<std::int64_t>(rows, 1);
}

void for_each_shard(std::int64_t rows,
                    const std::function<void(std::int64_t, std::int64_t, std::int64_t)>& body,
                    std::int64_t smallest) {
  if (const auto* pass = OnRankRows::over(rows)) {
    require(smallest * most_shards <= pass->rows().all,
            "ranks: a pass over {} rows at once cannot be cut into blocks", rows);
    const OnRankRows passes_inside_are_of_their_own_rows;
    return run_tasks(pass->blocks(), [&](std::int64_t i) {
      const auto block = pass->first_block() + i;
      body(block, pass->begin_of(block), pass->begin_of(block + 1));
    });
  }
  const auto shards = shard_count(rows, smallest);
  run_tasks(shards,
            [&](std::int64_t shard) { body(shard, rows * shard / shards, rows * (shard + 1) / shards); });
}

}  // namespace ebm
