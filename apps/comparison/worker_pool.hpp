#pragma once

#include <sys/types.h>

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace ebm {

/// Processes that take trainings from one queue, see work_for_queue.
class WorkerPool final {
 public:
  /// Who wants to know. What he does must not throw.
  struct Listener {
    std::function<void(std::size_t number)> begun;                         ///< it was handed out
    std::function<void(std::size_t number, double share)> progress;        ///< how far it is
    std::function<void(std::size_t number)> ended;                         ///< whatever came of it
    std::function<void(std::size_t number, const std::string& how)> lost;  ///< its process went away
    std::function<void()> idle = [] {};                                    ///< some times a second
  };

  /// @param command  the words of a worker's command line, the program first
  /// @param size  how many, at least 1
  WorkerPool(std::vector<std::string> command, std::size_t size);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Hands out all numbers, in their order, and returns when all that was handed out has ended. After a
  /// signal to this process, which is passed on, nothing more is handed out. A process that goes away is
  /// replaced, and what it was at is lost, not tried again.
  /// @throws UserError if no process can be begun
  void run(std::deque<std::size_t> numbers, const Listener& listener);

 private:
  struct Worker {
    pid_t process = -1;
    int to = -1, from = -1;  ///< descriptors of its standard input and output
    std::string heard = {};  ///< the line that has not come to its end
    std::optional<std::size_t> number = std::nullopt;
  };

  Worker begin() const;
  static std::string end(Worker& worker);
  void hand_out(std::deque<std::size_t>& numbers, const Listener& listener);
  void listen(Worker& worker, const Listener& listener);
  void wait_for_news(const Listener& listener);
  void pass_on_signal();
  bool any_busy() const;

  std::vector<std::string> command_;
  std::vector<Worker> workers_;
  int signal_passed_on_ = 0;
};

}  // namespace ebm
