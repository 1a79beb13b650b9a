#include "dualebm/apps/comparison/worker_pool.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "dualebm/apps/comparison/worker.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/output.hpp"
#include "dualebm/framework/training/callbacks/interrupt.hpp"

namespace ebm {
namespace {

constexpr int milliseconds_between_looks = 100;

struct Pipe {
  int from = -1, to = -1;
};

/// Closed in every process that is begun, but for the ends that become its standard input and output: an end
/// that another one held would keep this one from ever hearing that its own has gone.
Pipe make_pipe() {
  int ends[2];
  require(::pipe2(ends, O_CLOEXEC) == 0, "a worker cannot be begun: {}", std::strerror(errno));
  return {ends[0], ends[1]};
}

/// In the process that is to be a worker. A group of its own: a terminal sends its signals to the one that
/// hands out, which passes them on once; a second one would end a worker before its checkpoint is written.
void become_worker(pid_t parent) {
  ::setpgid(0, 0);
#ifdef __linux__
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // also of the program that takes its place
  if (::getppid() != parent) ::_exit(127);
#else
  static_cast<void>(parent);
#endif
}

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status))
    return fmt::format("signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
  return fmt::format("exit code {}", WEXITSTATUS(status));
}

}  // namespace

WorkerPool::WorkerPool(std::vector<std::string> command, std::size_t size)
    : command_(std::move(command)), workers_(size) {}

WorkerPool::~WorkerPool() {
  // Busy ones are left only where something was thrown.
  for (const auto& worker : workers_) {
    if (worker.number) ::kill(worker.process, SIGTERM);
  }
  for (auto& worker : workers_) end(worker);
}

WorkerPool::Worker WorkerPool::begin() const {
  const auto orders = make_pipe(), news = make_pipe();
  std::vector<char*> words;
  for (const auto& word : command_) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t process = ::fork();
  require(process >= 0, "a worker cannot be begun: {}", std::strerror(errno));
  if (process == 0) {
    become_worker(parent);
    ::dup2(orders.from, STDIN_FILENO);
    ::dup2(news.to, STDOUT_FILENO);
    ::execv("/proc/self/exe", words.data());
    ::_exit(127);
  }
  ::close(orders.from);
  ::close(news.to);
  return {.process = process, .to = orders.to, .from = news.from};
}

/// Lets it come to its end. @return how it did
std::string WorkerPool::end(Worker& worker) {
  if (worker.process < 0) return {};
  ::close(worker.to);
  ::close(worker.from);
  int status = 0;
  while (::waitpid(worker.process, &status, 0) < 0 && errno == EINTR) {
  }
  worker = Worker();
  return how_it_ended(status);
}

void WorkerPool::hand_out(std::deque<std::size_t>& numbers, const Listener& listener) {
  for (auto& worker : workers_) {
    if (worker.number || numbers.empty() || Interrupt::signal() != 0) continue;
    if (worker.process < 0) worker = begin();
    worker.number = numbers.front();
    numbers.pop_front();
    const auto line = fmt::format("{}\n", *worker.number);
    // That it is gone is heard on the other pipe.
    [[maybe_unused]] const auto count = ::write(worker.to, line.data(), line.size());
    listener.begun(*worker.number);
  }
}

void WorkerPool::listen(Worker& worker, const Listener& listener) {
  char bytes[4096];
  const auto count = ::read(worker.from, bytes, sizeof bytes);
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (count <= 0) {
    const auto number = worker.number;
    const auto how = end(worker);
    if (number) listener.lost(*number, how);
    return;
  }
  worker.heard.append(bytes, static_cast<std::size_t>(count));
  for (std::size_t end = worker.heard.find('\n'); end != std::string::npos; end = worker.heard.find('\n')) {
    const auto line = worker.heard.substr(0, end);
    worker.heard.erase(0, end + 1);
    const auto message = worker_message_of(line);
    if (!message) {  // of a library that it loads
      note("{}\n", line);
    } else if (message->ended) {
      worker.number.reset();
      listener.ended(message->number);
    } else {
      listener.progress(message->number, message->share);
    }
  }
}

void WorkerPool::wait_for_news(const Listener& listener) {
  std::vector<pollfd> waiting;
  std::vector<Worker*> whose;
  for (auto& worker : workers_) {
    if (worker.process < 0) continue;
    waiting.push_back({.fd = worker.from, .events = POLLIN, .revents = 0});
    whose.push_back(&worker);
  }
  if (::poll(waiting.data(), waiting.size(), milliseconds_between_looks) <= 0) return;
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    if (waiting[i].revents != 0) listen(*whose[i], listener);
  }
}

void WorkerPool::pass_on_signal() {
  if (Interrupt::signal() == 0 || signal_passed_on_ != 0) return;
  signal_passed_on_ = Interrupt::signal();
  for (const auto& worker : workers_) {
    if (worker.process > 0) ::kill(worker.process, signal_passed_on_);
  }
}

bool WorkerPool::any_busy() const {
  return std::any_of(workers_.begin(), workers_.end(),
                     [](const Worker& worker) { return worker.number.has_value(); });
}

void WorkerPool::run(std::deque<std::size_t> numbers, const Listener& listener) {
  for (hand_out(numbers, listener); any_busy(); hand_out(numbers, listener)) {
    pass_on_signal();
    wait_for_news(listener);
    listener.idle();
  }
}

}  // namespace ebm
