#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace ebm {

/// Names that temporary files have until they are whole: what a kill leaves of one is
/// called `.dualebm-*.tmp`.
constexpr std::string_view temporary_prefix = ".dualebm-";

/// The one way in which this library writes a whole file. At every moment the path holds either the old
/// content or the new one: the bytes go to a temporary file beside it, which is opened exclusively and
/// through no link, then to the disk, then to their name, and the folder is flushed. A symbolic link of that
/// name is replaced, its target stays as it is.
///
/// What is no file is written to and stays: a character device, a pipe, a socket, whatever stands in /dev or
/// /proc. A folder and a block device are refused.
/// @throws UserError naming the path; then nothing has changed and no temporary file is left
void write_atomically(const std::filesystem::path& path, std::string_view bytes);

/// A file to which pieces are added that need not outlive a loss of power.
class AppendFile final {
 public:
  AppendFile() = default;
  ~AppendFile() { close(); }
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  /// Opens a file that is there, in place of the one before. @return whether it could be
  bool open(const std::filesystem::path& path);
  /// @return whether all of it was written
  bool add(std::string_view bytes);

 private:
  void close();

  int descriptor_ = -1;
};

/// A whole file in memory, of at most so many bytes; of a pipe, what comes within ten
/// seconds of the piece before.
/// @throws UserError naming the path if it cannot be read, is a folder, or does not end by then
std::string read_whole(const std::filesystem::path& path, std::size_t most_bytes);

/// Waits until the disk has the names in a folder; what cannot be flushed is not.
void flush_folder(const std::filesystem::path& folder);

}  // namespace ebm
