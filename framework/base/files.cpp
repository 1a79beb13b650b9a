#include "dualebm/framework/base/files.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

constexpr int patience_in_milliseconds = 10'000;

[[noreturn]] void fail_with(int error, const std::filesystem::path& path, const char* action) {
  fail("{}: cannot {}: {}", path.string(), action, std::strerror(error));
}

/// A descriptor that is closed in the end.
class Descriptor final {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  /// @return whether nothing spoke against it
  bool close() { return number_ < 0 || ::close(std::exchange(number_, -1)) == 0; }

 private:
  int number_;
};

/// @return whether all of it was written; errno says why not
bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

/// Whether a name stands for something that is to be written to, not replaced.
bool is_written_to(const std::filesystem::path& path) {
  std::error_code none;
  const auto folder = std::filesystem::canonical(folder_of(path), none).string();
  for (const char* root : {"/dev", "/proc"}) {
    if (folder == root || folder.starts_with(std::string(root) + "/")) return true;
  }
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return false;
  if (S_ISBLK(found.st_mode))
    fail("{}: a block device; the output would destroy what is on it", path.string());
  return S_ISCHR(found.st_mode) || S_ISFIFO(found.st_mode) || S_ISSOCK(found.st_mode);
}

void write_to(const std::filesystem::path& path, std::string_view bytes) {
  struct stat found {};
  if (::stat(path.c_str(), &found) == 0 && S_ISBLK(found.st_mode))
    fail("{}: a block device; the output would destroy what is on it", path.string());
  Descriptor file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY));
  if (!file.is_open() || !write_all(file.number(), bytes) || !file.close())
    fail_with(errno, path, "be written");
}

/// A new file that nobody else has, beside a path: its name, and open for writing.
std::pair<std::filesystem::path, int> temporary_beside(const std::filesystem::path& path) {
  static std::atomic<unsigned> count = 0;
  const auto folder = folder_of(path);
  for (int attempt = 0;; ++attempt) {
    const auto name = folder / fmt::format("{}{}-{}.tmp", temporary_prefix, ::getpid(), count++);
    const int file = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (file >= 0) return {name, file};
    if (errno != EEXIST || attempt == 1000) fail_with(errno, path, "be written");
  }
}

}  // namespace

void flush_folder(const std::filesystem::path& folder) {
  const Descriptor open(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (open.is_open()) ::fsync(open.number());
}

void write_atomically(const std::filesystem::path& path, std::string_view bytes) {
  require(!std::filesystem::is_directory(path), "{}: cannot be written: it is a folder", path.string());
  if (is_written_to(path)) return write_to(path, bytes);
  const auto [temporary, number] = temporary_beside(path);
  Descriptor file(number);
  const auto give_up = [&, &name = temporary](const char* action) {
    const int error = errno;
    ::unlink(name.c_str());
    fail_with(error, path, action);
  };
  if (!write_all(file.number(), bytes)) give_up("be written");
  if (::fsync(file.number()) != 0 || !file.close()) give_up("be flushed to disk");
  if (::rename(temporary.c_str(), path.c_str()) != 0) give_up("be replaced");
  flush_folder(folder_of(path));
}

void AppendFile::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

bool AppendFile::open(const std::filesystem::path& path) {
  close();
  descriptor_ = ::open(path.c_str(), O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
  return descriptor_ >= 0;
}

bool AppendFile::add(std::string_view bytes) { return descriptor_ >= 0 && write_all(descriptor_, bytes); }

std::string read_whole(const std::filesystem::path& path, std::size_t most_bytes) {
  // Not waiting for the other end of a pipe that nobody writes to.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file.is_open()) fail("{}: cannot be opened for reading: {}", path.string(), std::strerror(errno));
  struct stat found {};
  if (::fstat(file.number(), &found) != 0) fail_with(errno, path, "be read");
  require(!S_ISDIR(found.st_mode), "{}: a folder; a file is expected", path.string());
  std::string bytes;
  if (S_ISREG(found.st_mode) && found.st_size > 0 && static_cast<std::size_t>(found.st_size) <= most_bytes)
    bytes.reserve(static_cast<std::size_t>(found.st_size) + 1);
  constexpr std::size_t piece = std::size_t{1} << 20;
  const auto buffer = std::make_unique<char[]>(piece);
  while (true) {
    pollfd ready{.fd = file.number(), .events = POLLIN, .revents = 0};
    if (!S_ISREG(found.st_mode) && ::poll(&ready, 1, patience_in_milliseconds) == 0)
      fail("{}: nothing came out of it for {} seconds", path.string(), patience_in_milliseconds / 1000);
    const auto count = ::read(file.number(), buffer.get(), piece);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) fail_with(errno, path, "be read");
    if (count == 0) return bytes;
    bytes.append(buffer.get(), static_cast<std::size_t>(count));
    require(bytes.size() <= most_bytes, "{}: does not end within {} bytes, more than such a file may have",
            path.string(), most_bytes);
  }
}

}  // namespace ebm
