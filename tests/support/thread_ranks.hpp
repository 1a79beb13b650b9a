#pragma once

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <cstring>
#include <exception>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "dualebm/framework/compute/communicator.hpp"
#include "dualebm/framework/compute/parallel.hpp"

namespace ebm::testing {

/// Where ranks that are threads of one process meet. When one has failed nobody waits any more.
class MeetingPlace final {
 public:
  explicit MeetingPlace(int size) : size_(size), messages_(static_cast<std::size_t>(size)) {}

  int size() const { return size_; }
  const void*& message(int rank) { return messages_[static_cast<std::size_t>(rank)]; }

  void wait() {
    std::unique_lock lock(mutex_);
    const auto round = round_;
    if (++waiting_ == size_) {
      waiting_ = 0;
      ++round_;
      all_here_.notify_all();
    } else {
      all_here_.wait(lock, [&] { return round_ != round || failed_; });
    }
    if (failed_) throw std::runtime_error("another rank has failed");
  }

  void fail() {
    const std::lock_guard lock(mutex_);
    failed_ = true;
    all_here_.notify_all();
  }

 private:
  int size_, waiting_ = 0;
  std::int64_t round_ = 0;
  bool failed_ = false;
  std::vector<const void*> messages_;
  std::mutex mutex_;
  std::condition_variable all_here_;
};

/// A rank that is a thread of this process.
class ThreadRank final : public Communicator {
 public:
  ThreadRank(MeetingPlace& place, int rank) : place_(place), rank_(rank) {}
  int rank() const override { return rank_; }
  int size() const override { return place_.size(); }

  void broadcast(void* bytes, std::int64_t count) override {
    show(bytes);
    if (rank_ > 0) std::memcpy(bytes, place_.message(0), static_cast<std::size_t>(count));
    place_.wait();
  }
  void gather(const void* own, void* all, const std::vector<std::int64_t>& counts) override {
    show(own);
    auto* to = static_cast<char*>(all);
    for (int rank = 0; rank < size(); ++rank) {
      const auto count = static_cast<std::size_t>(counts[static_cast<std::size_t>(rank)]);
      if (to && count > 0) std::memcpy(to, place_.message(rank), count);
      if (to) to += count;
    }
    place_.wait();
  }
  void gather_at_first(const void* own, void* all, const std::vector<std::int64_t>& counts) override {
    gather(own, is_first() ? all : nullptr, counts);
  }
  void barrier() override { place_.wait(); }
  [[noreturn]] void end_all(int) override { throw std::runtime_error("ended by a rank"); }

 private:
  void show(const void* bytes) {
    place_.message(rank_) = bytes;
    place_.wait();
  }

  MeetingPlace& place_;
  int rank_;
};

/// Runs the body as so many ranks, each with one thread, and waits for all.
/// @throws what the lowest rank threw that did not only wait for another
inline void as_ranks(int count, const std::function<void(std::shared_ptr<Communicator>)>& body) {
  const int threads_before = threads();
  set_threads(1);
  MeetingPlace place(count);
  std::vector<std::exception_ptr> failures(static_cast<std::size_t>(count));
  std::vector<std::thread> ranks;
  for (int rank = 0; rank < count; ++rank) {
    ranks.emplace_back([&, rank] {
      at::init_num_threads();
      try {
        body(std::make_shared<ThreadRank>(place, rank));
      } catch (const std::runtime_error& error) {
        if (std::string(error.what()) != "another rank has failed")
          failures[static_cast<std::size_t>(rank)] = std::current_exception();
        place.fail();
      } catch (...) {
        failures[static_cast<std::size_t>(rank)] = std::current_exception();
        place.fail();
      }
    });
  }
  for (auto& rank : ranks) rank.join();
  set_threads(threads_before);
  for (const auto& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace ebm::testing
