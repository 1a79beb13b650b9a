#include "dualebm/framework/base/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

[[noreturn]] void fail_with_errno(const std::filesystem::path& path, const char* action) {
  fail("{}: cannot {}: {}", path.string(), action, std::strerror(errno));
}

void flush_folder(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

void write_atomically(const std::filesystem::path& path, const std::string& bytes) {
  auto temporary = path;
  temporary += ".tmp";
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) fail_with_errno(temporary, "be written");
  std::size_t written = 0;
  while (written < bytes.size()) {
    const auto count = ::write(descriptor, bytes.data() + written, bytes.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int error = errno;
      ::close(descriptor);
      ::unlink(temporary.c_str());
      errno = error;
      fail_with_errno(temporary, "be written");
    }
    written += static_cast<std::size_t>(count);
  }
  const bool flushed = ::fsync(descriptor) == 0;
  const bool closed = ::close(descriptor) == 0;
  const auto give_up = [&](const std::filesystem::path& name, const char* action) {
    const int error = errno;
    ::unlink(temporary.c_str());
    errno = error;
    fail_with_errno(name, action);
  };
  if (!flushed || !closed) give_up(temporary, "be flushed to disk");
  if (::rename(temporary.c_str(), path.c_str()) != 0) give_up(path, "be replaced");
  flush_folder(path.has_parent_path() ? path.parent_path() : ".");
}

}  // namespace ebm
