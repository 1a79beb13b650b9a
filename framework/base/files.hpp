#pragma once

#include <filesystem>
#include <string>

namespace ebm {

/// Writes bytes so that at every moment the path holds either the old content or the new one, whole:
/// to a temporary name beside it, flushed to the disk, renamed, and the folder flushed.
void write_atomically(const std::filesystem::path& path, const std::string& bytes);

}  // namespace ebm
