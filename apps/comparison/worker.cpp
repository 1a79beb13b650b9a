#include "dualebm/apps/comparison/worker.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <sstream>
#ifdef __linux__
#include <sys/prctl.h>

#include <csignal>
#endif

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/training/callbacks/interrupt.hpp"

namespace ebm {
namespace {

/// To whoever began this process; that he is gone is found out when the training ends.
void say(const std::string& line) {
  for (std::size_t done = 0; done < line.size();) {
    const auto count = ::write(STDOUT_FILENO, line.data() + done, line.size() - done);
    if (count <= 0) return;
    done += static_cast<std::size_t>(count);
  }
}

class ReportedProgress final : public Callback {
 public:
  explicit ReportedProgress(std::size_t number) : number_(number) {}
  void on_step(const Progress& progress) override {
    const auto now = Clock::now();
    if (now - said_ < std::chrono::milliseconds(100)) return;
    said_ = now;
    say(fmt::format("progress {} {:.6f}\n", number_, progress.fraction));
  }

 private:
  using Clock = std::chrono::steady_clock;
  std::size_t number_;
  Clock::time_point said_ = Clock::now();
};

}  // namespace

WorkerMessage worker_message_of(const std::string& line) {
  std::istringstream text(line);
  std::string word;
  WorkerMessage message;
  text >> word >> message.number;
  message.ended = word == "ended";
  if (!message.ended) text >> message.share;
  require(!text.fail() && (message.ended || word == "progress"), "a worker says \"{}\"", line);
  return message;
}

int work_for_queue(const ComparisonFolder& folder, const ComparisonRequest& request,
                   const std::vector<PlannedTraining>& trainings, CurrentProblem problem,
                   RunSettings settings) {
#ifdef __linux__
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
  const Interrupt interrupt;
  for (std::size_t number = 0; Interrupt::signal() == 0 && std::cin >> number;) {
    require(number < trainings.size(), "the plan has {} trainings, and {} is asked for", trainings.size(),
            number);
    settings.progress = std::make_shared<ReportedProgress>(number);
    train_planned(trainings[number], problem, folder, settings, request.evaluate_at);
    say(fmt::format("ended {}\n", number));
  }
  return Interrupt::signal() == 0 ? 0 : 128 + Interrupt::signal();
}

}  // namespace ebm
