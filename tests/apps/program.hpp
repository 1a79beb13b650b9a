#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

#include "tests/support/support.hpp"

namespace ebm::testing {

/// What the program said and how it ended.
struct Outcome {
  int code = -1;  ///< exit code; -1 if a signal ended it
  int signal = 0;
  std::string out, error;
};

/// The program under test, as a process of its own.
class Program {
 public:
  /// @param own_group  whether it begins a process group, as a command at a terminal does, see send_to_all
  explicit Program(const std::vector<std::string>& arguments, bool own_group = false) {
    std::vector<char*> words = {const_cast<char*>(EBM_PROGRAM)};
    for (const auto& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    process_ = ::fork();
    if (own_group && process_ > 0) ::setpgid(process_, process_);
    if (process_ == 0) {
      if (own_group) ::setpgid(0, 0);
      redirect(folder_ / "out", STDOUT_FILENO);
      redirect(folder_ / "error", STDERR_FILENO);
      ::execv(EBM_PROGRAM, words.data());
      ::_exit(127);
    }
  }

  /// A test that has failed leaves nothing at work.
  ~Program() {
    if (!waited_) ::kill(process_, SIGKILL), wait();
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void send(int signal) const { ::kill(process_, signal); }
  /// As a terminal does: to every process of its group.
  void send_to_all(int signal) const { ::kill(-process_, signal); }
  pid_t process() const { return process_; }

  Outcome wait() const {
    int status = 0;
    ::waitpid(process_, &status, 0);
    waited_ = true;
    return {.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
            .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
            .out = read_file(folder_ / "out"),
            .error = read_file(folder_ / "error")};
  }

 private:
  static void redirect(const std::filesystem::path& path, int target) {
    ::dup2(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644), target);
  }

  TemporaryFolder folder_;
  pid_t process_ = -1;
  mutable bool waited_ = false;
};

inline Outcome run_program(const std::vector<std::string>& arguments) { return Program(arguments).wait(); }

/// Expects the user's error: exit code 2, one line on stderr that holds `part`, nothing on stdout, no
/// backtrace.
inline void expect_user_error(const Outcome& outcome, const std::string& part) {
  EXPECT_EQ(outcome.code, 2) << outcome.error;
  expect_contains(outcome.error, part);
  EXPECT_EQ(std::count(outcome.error.begin(), outcome.error.end(), '\n'), 1) << outcome.error;
  EXPECT_TRUE(outcome.out.empty()) << outcome.out;
}

/// A configuration that trains in a fraction of a second.
inline const std::string small_configuration = R"({
  "dataset": {"name": "teacher_student", "train": 200, "test": 500,
              "teacher": {"name": "teacher", "neurons": [[0, 0, 1], [0, 1, 0]]}},
  "energy": {"name": "shallow", "neurons": 8},
  "trainer": {"name": "dual_gda"},
  "loop": {"iterations": 40, "checkpoint_every": 10},
  "metrics": {"every": 10, "resolution": 20}
})";

}  // namespace ebm::testing
