#include "dualebm/framework/base/output.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace ebm {
namespace {

int first_failure = 0;
bool muted = false;

void remember(bool written) {
  if (!written && first_failure == 0) first_failure = errno != 0 ? errno : EIO;
}

}  // namespace

void mute_output(bool mute) { muted = mute; }

void write_note(std::string_view text) {
  if (muted) return;
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
  std::clearerr(stderr);
}

void write_result(std::string_view text) {
  if (muted) return;
  errno = 0;
  remember(std::fwrite(text.data(), 1, text.size(), stdout) == text.size());
}

std::optional<std::size_t> terminal_columns() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return std::nullopt;
  return size.ws_col;
}

std::optional<int> output_failure() {
  errno = 0;
  remember(std::fflush(stdout) == 0);
  return first_failure == 0 ? std::nullopt : std::optional(first_failure);
}

}  // namespace ebm
