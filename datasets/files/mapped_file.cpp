#include "dualebm/datasets/files/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/printable.hpp"

namespace ebm {
namespace {

/// A mapping as a signal handler can read it.
struct Mapping {
  std::atomic<const char*> begin{nullptr};
  std::atomic<std::size_t> size{0};
  char line[512] = {};  ///< what to say
};

constexpr std::size_t most_mappings = 64;
std::array<Mapping, most_mappings> mappings;
std::mutex changing_mappings;
struct sigaction handled_before {};

/// SIGBUS: of one of the mappings, or somebody else's, who gets it then.
void on_bus_error(int, siginfo_t* info, void*) {
  const bool sent = info->si_code <= 0;  // by a process, not by an access
  const auto* address = static_cast<const char*>(info->si_addr);
  for (const auto& mapping : mappings) {
    if (sent) break;
    const char* begin = mapping.begin;
    if (begin == nullptr || address < begin || address >= begin + mapping.size) continue;
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, mapping.line, std::strlen(mapping.line));
    ::_exit(2);
  }
  ::sigaction(SIGBUS, &handled_before, nullptr);
  if (sent) ::raise(SIGBUS);  // an access is made again by itself
}

void watch(const char* begin, std::size_t size, const std::filesystem::path& path) {
  const std::lock_guard lock(changing_mappings);
  struct sigaction now {};
  ::sigaction(SIGBUS, nullptr, &now);
  if (now.sa_sigaction != on_bus_error) {
    struct sigaction ours {};
    ours.sa_sigaction = on_bus_error;
    ours.sa_flags = SA_SIGINFO;
    ::sigaction(SIGBUS, &ours, &handled_before);
  }
  for (auto& mapping : mappings) {
    if (mapping.begin != nullptr) continue;
    const auto line =
        fmt::format("dualebm: {}: was cut short while it was in use\n", printable(path.string(), 400));
    line.copy(mapping.line, sizeof mapping.line - 1);
    mapping.line[std::min(line.size(), sizeof mapping.line - 1)] = '\0';
    mapping.size = size;
    mapping.begin = begin;
    return;
  }
}

void forget(const char* begin) {
  const std::lock_guard lock(changing_mappings);
  for (auto& mapping : mappings) {
    if (mapping.begin == begin) mapping.begin = nullptr;
  }
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  require(file >= 0 && std::filesystem::is_regular_file(path), "{}: cannot be opened for reading",
          path.string());
  size_ = std::filesystem::file_size(path);
  if (size_ > 0) {
    // Private and writable, so that a tensor on it can be written to like any other; not reserved, so that a
    // file may be larger than the memory.
    void* mapped =
        ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file, /*offset=*/0);
    const int error = errno;
    ::close(file);
    require(mapped != MAP_FAILED, "{}: cannot be mapped into memory: {}", path.string(),
            std::strerror(error));
    data_ = static_cast<char*>(mapped);
    watch(data_, size_, path);
  } else {
    ::close(file);
  }
}

MappedFile::~MappedFile() {
  if (data_ == nullptr) return;
  forget(data_);
  ::munmap(data_, size_);
}

void MappedFile::release(std::size_t begin, std::size_t end) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  begin = begin / page * page;
  if (begin < end) ::madvise(data_ + begin, end - begin, MADV_DONTNEED);
}

}  // namespace ebm
