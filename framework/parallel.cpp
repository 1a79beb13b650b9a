#include "framework/parallel.hpp"

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "framework/error.hpp"

namespace ebm {
namespace {

constexpr std::int64_t most_shards = 32;

thread_local bool inside_task = false;

void one_blas_thread() {
  using SetThreads = void (*)(int);
  if (const auto set = reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) set(1);
}

/// Workers that sleep between jobs; the calling thread works along.
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
    {
      const std::lock_guard lock(mutex_);
      task_ = &task;
      tasks_ = tasks;
      next_ = 0;
      busy_ = static_cast<int>(workers_.size());
      failure_ = nullptr;
      ++job_;
    }
    wake_.notify_all();
    work();
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return busy_ == 0; });
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    wake_.notify_all();
    for (auto& worker : workers_) worker.join();
  }

  void serve() {
    at::init_num_threads();
    std::int64_t seen = 0;
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [&] { return closing_ || job_ != seen; });
      if (closing_) return;
      seen = job_;
      lock.unlock();
      work();
      lock.lock();
      if (--busy_ == 0) done_.notify_one();
    }
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
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  const std::function<void(std::int64_t)>* task_ = nullptr;
  std::int64_t tasks_ = 0, job_ = 0;
  std::atomic<std::int64_t> next_{0};
  int busy_ = 0;
  bool closing_ = false;
  std::exception_ptr failure_;
};

std::unique_ptr<Pool>& pool() {
  static auto instance = std::make_unique<Pool>(1);
  return instance;
}

}  // namespace

void set_threads(int threads) {
  require(threads >= 1, "threads must be at least 1, got {}", threads);
  at::set_num_threads(1);
  one_blas_thread();
  if (pool()->size() != threads) pool() = std::make_unique<Pool>(threads);
}

int threads() { return pool()->size(); }

std::int64_t shard_count(std::int64_t rows, std::int64_t smallest) {
  return std::clamp<std::int64_t>((rows + smallest - 1) / smallest, 1, most_shards);
}

void for_each_shard(std::int64_t rows,
                    const std::function<void(std::int64_t, std::int64_t, std::int64_t)>& body,
                    std::int64_t smallest) {
  const auto shards = shard_count(rows, smallest);
  const auto task = [&](std::int64_t shard) {
    body(shard, rows * shard / shards, rows * (shard + 1) / shards);
  };
  if (shards == 1 || inside_task || pool()->size() == 1) {
    for (std::int64_t shard = 0; shard < shards; ++shard) task(shard);
  } else {
    pool()->run(shards, task);
  }
}

}  // namespace ebm
