#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace ebm {

/// Refuses bytes that are no text, and says what they are and what to do: an archive, a workbook, Parquet, a
/// NumPy file, a page of the web, ...
/// @param name  of the file, for messages
void require_text(std::string_view bytes, const std::string& name);

/// Refuses what is known not to be an array of numbers, in the same words.
void require_no_archive(std::string_view bytes, const std::string& name);

/// Refuses what is no plain file that can be opened, and says what it is: a folder, a pipe, a device.
void require_plain_file(const std::filesystem::path& path);

}  // namespace ebm
