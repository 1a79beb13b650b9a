#include "dualebm/apps/process.hpp"

#include "dualebm/apps/verdict_text.hpp"

#include <c10/util/Exception.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <new>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/output.hpp"
#include "dualebm/framework/base/printable.hpp"

namespace ebm {
namespace {

bool output_was_closed = false;

int out_of_memory(const std::string& detail) {
  return report_error(
      2, "out of memory" + detail +
             "; take fewer particles, points or neurons, a smaller metrics.resolution, or a larger "
             "machine");
}

/// LibTorch's own kind of std::bad_alloc.
bool is_out_of_memory(const std::string& message) {
  return message.find("can't allocate memory") != std::string::npos ||
         message.find("out of memory") != std::string::npos;
}

int explain(const std::filesystem::filesystem_error& error) {
  auto where = printable(error.path1().string(), 4096);
  if (where.empty()) where = "the working directory";
  return report_error(2, where + ": " + error.code().message());
}

}  // namespace

void prepare_process() {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(number, F_GETFD) != -1 || errno != EBADF) continue;
    if (number == STDOUT_FILENO) output_was_closed = true;
    // Open for the other direction: what is written there fails, as on the closed one.
    if (::open("/dev/null", number == STDOUT_FILENO ? O_RDONLY : O_RDWR) < 0) return;
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

int report_error(int code, const std::string& message) {
  note("dualebm: {}\n", printable(message, std::string::npos));
  return code;
}

int explain_errors(const std::function<int()>& body) {
  try {
    return body();
  } catch (const UserError& error) {
    return report_error(2, error.what());
  } catch (const std::bad_alloc&) {
    return out_of_memory("");
  } catch (const c10::Error& error) {
    const std::string message = error.what_without_backtrace();
    if (is_out_of_memory(message)) return out_of_memory(" (LibTorch)");
    return report_error(1, "LibTorch: " + message);
  } catch (const std::filesystem::filesystem_error& error) {
    return explain(error);
  } catch (const std::exception& error) {
    return report_error(1, error.what());
  } catch (...) {
    return report_error(1, "something was thrown that is no std::exception");
  }
}

int after_output(int code, bool also_in_files) {
  const auto failure = output_failure();
  // What was lost weighs more than what it was worth.
  const bool done = code == 0 || code == not_trusted;
  if (!failure || !done || (also_in_files && output_was_closed)) return code;
  if (*failure == EPIPE) return 128 + SIGPIPE;
  return report_error(1, std::string("standard output: cannot be written: ") + std::strerror(*failure));
}

}  // namespace ebm
