#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

namespace ebm {

/// A file seen as memory: read from the disk page by page where it is touched, given back when memory runs
/// short. If the file is cut short while it is mapped, whoever touches what is gone ends the process, with
/// one line that names it and exit code 2: there are no numbers to go on with, and no place to go on from.
class MappedFile {
 public:
  /// @throws UserError naming the file if it cannot be mapped.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  /// The whole file.
  std::string_view bytes() const { return {data_, size_}; }

  /// The start of the mapping; what is written there stays in this process and never reaches the file.
  char* data() { return data_; }

  /// Lets go of the pages of bytes [begin, end), so that a pass over the file stays small in memory. They
  /// come back from the file when they are touched again; what was written there is lost.
  void release(std::size_t begin, std::size_t end);

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace ebm
