#include "dualebm/framework/problem/conformance/lockstep.hpp"

#include <ATen/Parallel.h>
#include <ATen/record_function.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <exception>
#include <mutex>
#include <thread>

namespace ebm {
namespace {

/// Whose turn it is.
class Turns {
 public:
  /// Begins when it is the thread's turn.
  void wait(int me) {
    std::unique_lock lock(mutex_);
    wait_for_turn(lock, me);
  }

  /// Lets the other thread go on, and comes back when it has.
  void hand_over(int me) {
    std::unique_lock lock(mutex_);
    if (free_ || over_[1 - me]) return;
    turn_ = 1 - me;
    changed_.notify_all();
    wait_for_turn(lock, me);
  }

  void end(int me) {
    const std::lock_guard lock(mutex_);
    over_[me] = true;
    turn_ = 1 - me;
    changed_.notify_all();
  }

 private:
  void wait_for_turn(std::unique_lock<std::mutex>& lock, int me) {
    const auto mine = [&] { return turn_ == me || free_ || over_[1 - me]; };
    if (changed_.wait_for(lock, std::chrono::seconds(1), mine)) return;
    free_ = true;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int turn_ = 0;
  bool free_ = false;  // nobody waits any more
  std::array<bool, 2> over_{};
};

/// The part that a thread has in it. Operators call others; only the outermost counts, since inside one
/// LibTorch may hold pointers to what a member of the user's is made to forget.
struct Part {
  Turns* turns = nullptr;
  int me = 0, depth = 0;
};
thread_local Part part;

std::unique_ptr<at::ObserverContext> on_begin(const at::RecordFunction&) {
  if (part.depth++ == 0) part.turns->hand_over(part.me);
  return nullptr;
}

void on_end(const at::RecordFunction&, at::ObserverContext*) { --part.depth; }

void take_part(Turns& turns, int me, const std::function<void()>& body, std::exception_ptr& failure) {
  part = {&turns, me, 0};
  turns.wait(me);
  at::CallbackHandle handle = 0;
  try {
    // In turn too: in a copy of the process LibTorch's pool is made anew by the first
    at::init_num_threads();
    handle = at::addThreadLocalCallback(at::RecordFunctionCallback(on_begin, on_end));
    body();
  } catch (...) {
    failure = std::current_exception();
  }
  if (handle != 0) at::removeCallback(handle);
  turns.end(me);
}

}  // namespace

void in_lockstep(const std::function<void()>& first, const std::function<void()>& second) {
  Turns turns;
  std::array<std::exception_ptr, 2> failures;
  {
    const std::jthread one([&] { take_part(turns, 0, first, failures[0]); });
    const std::jthread other([&] { take_part(turns, 1, second, failures[1]); });
  }
  for (const auto& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

bool survives(const std::function<void()>& body) {
  const auto child = ::fork();
  if (child < 0) return true;  // no room for a copy; the body is run without this precaution
  if (child == 0) {
    for (const int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGALRM}) std::signal(signal, SIG_DFL);
    ::alarm(30);
    try {
      body();
    } catch (...) {
    }
    ::_exit(0);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return !WIFSIGNALED(status);
}

}  // namespace ebm
