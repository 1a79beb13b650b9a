#include "dualebm/datasets/files/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "dualebm/framework/base/error.hpp"

namespace ebm {

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
  } else {
    ::close(file);
  }
}

MappedFile::~MappedFile() {
  if (data_) ::munmap(data_, size_);
}

void MappedFile::release(std::size_t begin, std::size_t end) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  begin = begin / page * page;
  if (begin < end) ::madvise(data_ + begin, end - begin, MADV_DONTNEED);
}

}  // namespace ebm
