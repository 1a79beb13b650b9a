#include "dualebm/framework/storage/run_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "dualebm/framework/base/printable.hpp"

namespace ebm {
namespace {

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "this machine";
}

/// What the owner has written: "process 123 on somewhere".
std::string owner_in(int descriptor) {
  char text[512] = {};
  if (::pread(descriptor, text, sizeof text - 1, 0) <= 0) return "another process";
  const std::string line(text, std::strcspn(text, "\n"));
  const std::string before = std::string(RunLock::mark) + " of ";
  return line.starts_with(before) ? printable(line.substr(before.size()), 300) : "another process";
}

}  // namespace

RunLock::RunLock(const std::filesystem::path& folder) {
  const auto path = folder / file_name;
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail("{}: cannot be opened: {}", path.string(), std::strerror(errno));
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    const auto owner = owner_in(descriptor_);
    ::close(descriptor_);
    throw RunIsLive(
        fmt::format("{}: {} is at work in it; wait until it ends, or stop it", folder.string(), owner));
  }
  // A file system without locks keeps nobody out; there is nothing better to do on it than to go on.
  const auto text = fmt::format("{} of process {} on {}\n", mark, ::getpid(), host_name());
  // In this order the mark is there at every moment, once it has been.
  const auto size = static_cast<ssize_t>(text.size());
  const bool written = ::pwrite(descriptor_, text.data(), text.size(), 0) == size &&
                       ::ftruncate(descriptor_, size) == 0 && ::fsync(descriptor_) == 0;
  if (written) return;
  const int error = errno;
  ::close(descriptor_);
  fail("{}: cannot be written: {}", path.string(), std::strerror(error));
}

RunLock::~RunLock() { ::close(descriptor_); }

}  // namespace ebm
