// A library for LD_PRELOAD that makes the file system fail under a program. Calls that change anything below
// FAULTS_ROOT are numbered from 1; what happens at which:
//
//   FAULTS_LOG=file      every call is noted there: its number, name and path
//   FAULTS_AT=n          the call at which FAULTS_DO happens; FAULTS_COUNT of them (1), 0: that one and
//                        all later
//   FAULTS_DO=kill       the process ends before the call, as by SIGKILL
//   FAULTS_DO=tear       a write is done by half, then the same
//   FAULTS_DO=ENOSPC, EIO   the call fails; a write under ENOSPC is done by half first, as on a disk that
//                        fills up
//   FAULTS_DO=lose       loss of power before the call: what was not flushed is gone, names and contents
//   FAULTS_DO=keep       likewise, but a journal has kept the names: contents alone are gone
//   FAULTS_DO=zero       likewise, and instead of the lost contents there are zeros
//   FAULTS_SHADOW=folder    for lose: where files that a call would do away with are kept until it is flushed
//   FAULTS_THREADS=n     no more than n threads at once, besides the first
//   FAULTS_SERVER=1      the program waits before its main for lines on standard input, and is copied for
//                        each: that takes a tenth of the time of starting it. A line is a list with \x1f
//                        between: files for standard output and error, how many settings of the environment,
//                        these, the arguments. Answers on standard output: the number of the process, then
//                        its status as of wait.
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace {

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

std::string text_of(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

long number_of(const char* name, long otherwise) {
  const auto text = text_of(name);
  return text.empty() ? otherwise : std::atol(text.c_str());
}

/// A change of names that the disk may not have yet.
struct NameChange {
  enum Kind { made, renamed, removed } kind;
  std::string path, from, kept;  ///< the name; that before a renaming; where what it stood for is kept
};

struct Disk {
  const std::string root = text_of("FAULTS_ROOT"), what = text_of("FAULTS_DO"),
                    shadow = text_of("FAULTS_SHADOW");
  const long at = number_of("FAULTS_AT", -1), count = number_of("FAULTS_COUNT", 1);
  const long most_threads = number_of("FAULTS_THREADS", -1);
  const int log = text_of("FAULTS_LOG").empty()
                      ? -1
                      : static_cast<int>(syscall(SYS_openat, AT_FDCWD, text_of("FAULTS_LOG").c_str(),
                                                 O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  std::mutex mutex;
  long calls = 0, threads = 0, kept = 0;
  std::map<int, std::string> open;      ///< descriptors of files and folders below the root
  std::map<std::string, long> flushed;  ///< bytes of a file that the disk has, by its present name
  std::vector<NameChange> changes;      ///< of names, not flushed yet

  bool below(const std::string& path) const { return !root.empty() && path.rfind(root, 0) == 0; }
  std::string keep(const std::string& path) {
    if (shadow.empty()) return "";
    const auto place = shadow + "/" + std::to_string(getpid()) + "-" + std::to_string(kept++);
    return ::link(path.c_str(), place.c_str()) == 0 ? place : "";
  }
};

/// Outlives everything that might still write.
Disk*& present_disk() {
  static auto* instance = new Disk;
  return instance;
}

Disk& disk() { return *present_disk(); }

std::string absolute(const char* path) {
  if (path[0] == '/') return path;
  char here[4096];
  return getcwd(here, sizeof here) != nullptr ? std::string(here) + "/" + path : path;
}

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

long size_of(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 ? static_cast<long>(found.st_size) : -1;
}

[[noreturn]] void die() {
  syscall(SYS_kill, getpid(), SIGKILL);
  for (;;) pause();
}

/// What the disk looks like after a loss of power.
[[noreturn]] void lose_power(Disk& d) {
  if (d.what == "lose") {
    for (auto change = d.changes.rbegin(); change != d.changes.rend(); ++change) {
      if (change->kind == NameChange::made) {
        if (real<int(const char*)>("unlink")(change->path.c_str()) != 0) ::rmdir(change->path.c_str());
        continue;
      }
      if (change->kind == NameChange::renamed) {
        real<int(const char*, const char*)>("rename")(change->path.c_str(), change->from.c_str());
        d.flushed[change->from] = d.flushed[change->path];
        d.flushed.erase(change->path);
      }
      if (!change->kept.empty())
        real<int(const char*, const char*)>("rename")(change->kept.c_str(), change->path.c_str());
    }
  }
  for (const auto& [path, bytes] : d.flushed) {
    const long size = size_of(path);
    if (size <= bytes) continue;
    if (d.what == "zero") {
      const int file = static_cast<int>(syscall(SYS_openat, AT_FDCWD, path.c_str(), O_WRONLY));
      const std::string zeros(static_cast<std::size_t>(size - bytes), '\0');
      if (file >= 0) syscall(SYS_pwrite64, file, zeros.data(), zeros.size(), bytes);
    } else {
      ::truncate(path.c_str(), bytes);
    }
  }
  die();
}

/// Numbers a call, and lets happen what is to happen at it. @return the error that it fails with; 0: go on
int before(Disk& d, const char* name, const std::string& path) {
  ++d.calls;
  if (d.log >= 0) {
    char line[4600];
    const int length = std::snprintf(line, sizeof line, "%ld %s %s\n", d.calls, name, path.c_str());
    syscall(SYS_write, d.log, line, length);
  }
  if (d.at < 0 || d.calls < d.at || (d.count > 0 && d.calls >= d.at + d.count)) return 0;
  if (d.what == "kill") die();
  if (d.what == "lose" || d.what == "keep" || d.what == "zero") lose_power(d);
  if (d.what == "ENOSPC")
    return std::strcmp(name, "unlink") == 0 || std::strcmp(name, "remove") == 0 ? 0 : ENOSPC;
  if (d.what == "EIO") return EIO;
  return 0;
}

int refused(int error) {
  errno = error;
  return -1;
}

/// An open that may make or change a file.
int opened(const char* given, int flags, mode_t mode) {
  const int at_most = static_cast<int>(syscall(SYS_openat, AT_FDCWD, given, O_PATH | O_CLOEXEC));
  const bool there = at_most >= 0;
  if (there) syscall(SYS_close, at_most);
  auto& d = disk();
  const auto path = absolute(given);
  if (!d.below(path)) return static_cast<int>(syscall(SYS_openat, AT_FDCWD, given, flags, mode));
  const std::lock_guard lock(d.mutex);
  const bool changes = (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) != 0;
  if (changes) {
    if (const int error = before(d, "open", path)) return refused(error);
  }
  const int descriptor = static_cast<int>(syscall(SYS_openat, AT_FDCWD, given, flags, mode));
  if (descriptor < 0) return descriptor;
  d.open[descriptor] = path;
  if (changes && !there) {
    d.changes.push_back({NameChange::made, path, "", ""});
    d.flushed[path] = 0;
  } else if (changes && d.flushed.count(path) == 0) {
    d.flushed[path] = size_of(path);
  }
  return descriptor;
}

/// A write of any kind. @param write  does it, of so many bytes at most
template <class Write>
ssize_t written(int descriptor, std::size_t size, const char* name, Write write) {
  auto& d = disk();
  std::unique_lock lock(d.mutex);
  const auto found = d.open.find(descriptor);
  if (found == d.open.end()) {
    lock.unlock();
    return write(size);
  }
  const int error = before(d, name, found->second);
  if (d.what == "tear" && d.calls == d.at) {
    write(size / 2);
    die();
  }
  // A disk that fills up takes what it can, and says so at the next call.
  if (error == ENOSPC && size > 1) return write(size / 2);
  return error != 0 ? refused(error) : write(size);
}

int flushed(int descriptor, const char* name) {
  auto& d = disk();
  const std::lock_guard lock(d.mutex);
  const auto found = d.open.find(descriptor);
  if (found == d.open.end()) return static_cast<int>(syscall(SYS_fsync, descriptor));
  const auto path = found->second;
  if (const int error = before(d, name, path)) return refused(error);
  struct stat kind {};
  ::fstat(descriptor, &kind);
  if (S_ISDIR(kind.st_mode)) {
    std::erase_if(d.changes, [&](const NameChange& change) { return folder_of(change.path) == path; });
  } else {
    d.flushed[path] = static_cast<long>(kind.st_size);
  }
  return 0;  // The machine stays on: there is no need to wait for a disk.
}

int removed(const char* given, const char* name) {
  auto& d = disk();
  const auto path = absolute(given);
  if (!d.below(path)) return real<int(const char*)>(name)(given);
  const std::lock_guard lock(d.mutex);
  if (const int error = before(d, name, path)) return refused(error);
  const auto kept = d.keep(path);
  const int result = real<int(const char*)>(name)(given);
  if (result == 0) {
    d.changes.push_back({NameChange::removed, path, "", kept});
    d.flushed.erase(path);
  }
  return result;
}

using Main = int(int, char**, char**);
Main* program = nullptr;

bool read_line(std::string& line) {
  line.clear();
  for (char c = 0; syscall(SYS_read, STDIN_FILENO, &c, 1) == 1;) {
    if (c == '\n') return true;
    line += c;
  }
  return false;
}

void redirect(const std::string& path, int flags, int target) {
  const int file = static_cast<int>(syscall(SYS_openat, AT_FDCWD, path.c_str(), flags, 0644));
  dup2(file, target);
  syscall(SYS_close, file);
}

/// The program as a line asks for it, in a process of its own.
int run_line(const std::string& line) {
  static std::vector<std::string> words;
  for (std::size_t at = 0, end = 0; end != std::string::npos; at = end + 1) {
    end = line.find('\x1f', at);
    words.push_back(line.substr(at, end == std::string::npos ? end : end - at));
  }
  redirect("/dev/null", O_RDONLY, STDIN_FILENO);
  redirect(words[0], O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
  redirect(words[1], O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
  const auto settings = static_cast<std::size_t>(std::atol(words[2].c_str()));
  for (std::size_t i = 3; i < 3 + settings; ++i) {
    const auto equals = words[i].find('=');
    setenv(words[i].substr(0, equals).c_str(), words[i].substr(equals + 1).c_str(), 1);
  }
  present_disk() = new Disk;
  static std::vector<char*> arguments;
  for (std::size_t i = 3 + settings; i < words.size(); ++i) arguments.push_back(words[i].data());
  const int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  return program(count, arguments.data(), environ);
}

int serve(int count, char** arguments, char** environment) {
  if (text_of("FAULTS_SERVER").empty()) return program(count, arguments, environment);
  for (std::string line; read_line(line);) {
    const pid_t child = fork();
    if (child == 0) return run_line(line);
    int status = 0;
    dprintf(STDOUT_FILENO, "%d\n", child);
    waitpid(child, &status, 0);
    dprintf(STDOUT_FILENO, "%d\n", status);
  }
  return 0;
}

mode_t mode_in(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? static_cast<mode_t>(va_arg(arguments, int)) : 0;
}

}  // namespace

extern "C" {

int __libc_start_main(Main* main, int count, char** arguments, void (*begin)(), void (*end)(),
                      void (*loaded)(), void* stack) {
  program = main;
  using Start = int(Main*, int, char**, void (*)(), void (*)(), void (*)(), void*);
  return real<Start>("__libc_start_main")(serve, count, arguments, begin, end, loaded, stack);
}

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const auto mode = mode_in(flags, arguments);
  va_end(arguments);
  return opened(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const auto mode = mode_in(flags, arguments);
  va_end(arguments);
  return opened(path, flags, mode);
}

int close(int descriptor) {
  auto& d = disk();
  const std::lock_guard lock(d.mutex);
  d.open.erase(descriptor);
  return static_cast<int>(syscall(SYS_close, descriptor));
}

ssize_t write(int descriptor, const void* bytes, std::size_t size) {
  return written(descriptor, size, "write",
                 [&](std::size_t most) { return syscall(SYS_write, descriptor, bytes, most); });
}

ssize_t pwrite(int descriptor, const void* bytes, std::size_t size, off_t place) {
  return written(descriptor, size, "pwrite",
                 [&](std::size_t most) { return syscall(SYS_pwrite64, descriptor, bytes, most, place); });
}

ssize_t pwrite64(int descriptor, const void* bytes, std::size_t size, off_t place) {
  return pwrite(descriptor, bytes, size, place);
}

int ftruncate(int descriptor, off_t size) {
  auto& d = disk();
  const std::lock_guard lock(d.mutex);
  if (const auto found = d.open.find(descriptor); found != d.open.end()) {
    if (const int error = before(d, "ftruncate", found->second)) return refused(error);
  }
  return static_cast<int>(syscall(SYS_ftruncate, descriptor, size));
}

int ftruncate64(int descriptor, off_t size) { return ftruncate(descriptor, size); }
int fsync(int descriptor) { return flushed(descriptor, "fsync"); }
int fdatasync(int descriptor) { return flushed(descriptor, "fdatasync"); }
int unlink(const char* path) noexcept { return removed(path, "unlink"); }
int remove(const char* path) noexcept { return removed(path, "remove"); }

int rename(const char* from, const char* to) noexcept {
  auto& d = disk();
  const auto old_path = absolute(from), new_path = absolute(to);
  if (!d.below(new_path)) return real<int(const char*, const char*)>("rename")(from, to);
  const std::lock_guard lock(d.mutex);
  if (const int error = before(d, "rename", new_path)) return refused(error);
  const auto kept = d.keep(new_path);
  const int result = real<int(const char*, const char*)>("rename")(from, to);
  if (result != 0) return result;
  d.changes.push_back({NameChange::renamed, new_path, old_path, kept});
  if (const auto found = d.flushed.find(old_path); found != d.flushed.end()) {
    d.flushed[new_path] = found->second;
    d.flushed.erase(old_path);
  } else {
    d.flushed[new_path] = size_of(new_path);
  }
  return result;
}

int mkdir(const char* given, mode_t mode) noexcept {
  auto& d = disk();
  const auto path = absolute(given);
  if (!d.below(path)) return static_cast<int>(syscall(SYS_mkdir, given, mode));
  const std::lock_guard lock(d.mutex);
  if (const int error = before(d, "mkdir", path)) return refused(error);
  const int result = static_cast<int>(syscall(SYS_mkdir, given, mode));
  if (result == 0) d.changes.push_back({NameChange::made, path, "", ""});
  return result;
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*body)(void*),
                   void* argument) noexcept {
  auto& d = disk();
  struct Task {
    void* (*body)(void*);
    void* argument;
  };
  {
    const std::lock_guard lock(d.mutex);
    if (d.most_threads >= 0 && d.threads >= d.most_threads) return EAGAIN;
    ++d.threads;
  }
  const auto counted = [](void* given) -> void* {
    const auto task = *static_cast<Task*>(given);
    delete static_cast<Task*>(given);
    void* result = task.body(task.argument);
    const std::lock_guard lock(disk().mutex);
    --disk().threads;
    return result;
  };
  using Create = int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  return real<Create>("pthread_create")(thread, attributes, counted, new Task{body, argument});
}

}  // extern "C"
