#include "dualebm/apps/comparison/worker.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <sstream>
#include <utility>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/output.hpp"
#include "dualebm/framework/training/callbacks/interrupt.hpp"

namespace ebm {
namespace {

/// To whoever began this process. Standard output is taken from everything else here, which writes to
/// standard error from now on: a line of a plugin's is no word of this conversation.
class Speaker final {
 public:
  Speaker() : out_(::dup(STDOUT_FILENO)) {
    require(out_ >= 0 && ::dup2(STDERR_FILENO, STDOUT_FILENO) >= 0, "a worker has no standard output");
  }
  /// That nobody listens any more is found out when the training ends.
  void say(const std::string& line) const {
    for (std::size_t done = 0; done < line.size();) {
      const auto count = ::write(out_, line.data() + done, line.size() - done);
      if (count <= 0) return;
      done += static_cast<std::size_t>(count);
    }
  }

 private:
  int out_;
};

class ReportedProgress final : public Callback {
 public:
  ReportedProgress(const Speaker& speaker, std::size_t number, std::string title)
      : speaker_(speaker), number_(number), title_(std::move(title)) {}
  void on_step(const Progress& progress) override {
    const auto now = Clock::now();
    if (now - said_ < std::chrono::milliseconds(100)) return;
    said_ = now;
    speaker_.say(fmt::format("progress {} {:.6f}\n", number_, progress.fraction));
  }
  void on_recovery(const Recovery& recovery) override {
    note("{}: taken back: {}\n", title_, to_string(recovery));
  }

 private:
  using Clock = std::chrono::steady_clock;
  const Speaker& speaker_;
  std::size_t number_;
  std::string title_;
  Clock::time_point said_ = Clock::now();
};

}  // namespace

std::optional<WorkerMessage> worker_message_of(const std::string& line) {
  std::istringstream text(line);
  std::string word;
  WorkerMessage message;
  text >> word >> message.number;
  message.ended = word == "ended";
  if (!message.ended) text >> message.share;
  if (text.fail() || (!message.ended && word != "progress")) return std::nullopt;
  return message;
}

int work_for_queue(const ComparisonFolder& folder, const ComparisonRequest& request,
                   const std::vector<PlannedTraining>& trainings, CurrentProblem problem,
                   RunSettings settings) {
  const Interrupt interrupt;
  const Speaker speaker;
  settings.command = request.command;
  for (std::size_t number = 0; Interrupt::signal() == 0 && std::cin >> number;) {
    require(number < trainings.size(), "the plan has {} trainings, and {} is asked for", trainings.size(),
            number);
    const auto& planned = trainings[number];
    settings.progress = std::make_shared<ReportedProgress>(speaker, number, title_of(planned));
    train_planned(planned, problem, folder, settings, request.evaluate_at);
    speaker.say(fmt::format("ended {}\n", number));
  }
  return Interrupt::signal() == 0 ? 0 : 128 + Interrupt::signal();
}

}  // namespace ebm
